"""What an installer says that it would install, package by package. It runs none."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from speedscore.gate.errors import GateError
from speedscore.text.addresses import without_credentials

# A place stood in brackets until uv said it as a requirement does, and then without a version.
_CHANGE_OF_UV = re.compile(
    r"^ \+ (?P<name>[A-Za-z0-9._-]+)(?:==(?P<version>\S+?)(?: \(from (?P<from>.+)\))?| @ (?P<place>\S+))$", re.MULTILINE
)
_NUMBER_OF_UV = re.compile(r"^Would install (\d+) packages?$|^Would make (no) changes$", re.MULTILINE)


class Pin(msgspec.Struct, frozen=True, order=True):
    """One package as it is to be installed."""

    name: str
    """Normalised."""
    version: str
    """Empty where that is not known before it is installed."""
    url: str = ""
    """Where it was named by its place and not by its version; with the commit, of a repository."""
    sha256: str = ""
    """Of the archive, or of the files of a folder; empty where that is not known."""

    @property
    def place(self) -> str:
        """Its address, without the name and the password that may stand in it."""
        return without_credentials(self.url)

    @property
    def requirement(self) -> str:
        return f"{self.name} @ {self.url}" if self.url else f"{self.name}=={self.version}"


def changes_of_uv(said: str) -> tuple[Pin, ...]:
    """From what ``uv pip install --dry-run`` prints. Raises GateError where not all of it can be read: a package that
    was overlooked would be the same on both sides."""
    pins = []
    for each in _CHANGE_OF_UV.finditer(said):
        url = each["from"] or each["place"] or ""
        pins.append(Pin(canonicalize_name(each["name"]), each["version"] or _version_in(url), url))
    told = _NUMBER_OF_UV.search(said)
    if told is None or len(pins) != (0 if told[2] else int(told[1])):
        expected = "a number of packages" if told is None else repr(told[0])
        raise GateError(f"--gate-upgrade: expected {expected} from uv, and could read {len(pins)} in what it says")
    return tuple(sorted(pins))


def changes_of_pip(report: bytes) -> tuple[Pin, ...]:
    """From pip's installation report (https://pip.pypa.io/en/stable/reference/installation-report/)."""
    pins = []
    for each in msgspec.json.decode(report)["install"]:
        place = each["download_info"]
        pins.append(
            Pin(
                name=canonicalize_name(each["metadata"]["name"]),
                version=each["metadata"]["version"],
                url=_pinned_url(place) if each.get("is_direct") else "",
                sha256=place.get("archive_info", {}).get("hashes", {}).get("sha256", ""),
            )
        )
    return tuple(sorted(pins))


def _version_in(url: str) -> str:
    """That of a wheel stands in its name; empty for all else."""
    try:
        _, version, _, _ = parse_wheel_filename(unquote(urlsplit(url).path).rpartition("/")[2])
    except InvalidWheelFilename:
        return ""
    return str(version)


def _pinned_url(place: dict[str, Any]) -> str:
    """As a requirement names it, with the very commit of a repository
    (https://packaging.python.org/en/latest/specifications/direct-url-data-structure/)."""
    url, within = place["url"], place.get("subdirectory")
    if vcs := place.get("vcs_info"):
        url = f"{vcs['vcs']}+{url}@{vcs['commit_id']}"
    return f"{url}#subdirectory={within}" if within else str(url)
