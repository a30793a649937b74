"""What lies at the places by which packages were named, so that an environment made from them is found again by it.

A file, a folder and an archive in the net are known by their content, a repository by its commit. It installs nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import msgspec

from speedscore.gate.checkouts.source_files import sources_digest
from speedscore.gate.environments.made_environments import Runner
from speedscore.gate.errors import GateError
from speedscore.gate.upgrades.pins import Pin
from speedscore.host.git import git_says

_COMMIT = re.compile(r"\w+\+[^#]*@[0-9a-f]{40,64}(?:#.*)?")


def is_known(pin: Pin) -> bool:
    """Whether the pin names one thing for ever, and not what lies there today."""
    return bool(not pin.url or pin.sha256 or _COMMIT.fullmatch(pin.url))


def known_locally(pins: Sequence[Pin]) -> tuple[Pin, ...]:
    """The pins, with digests of the files and folders of this machine among their places."""
    return tuple(pin if is_known(pin) else _digested(pin) for pin in pins)


def known_to_uv(pins: Sequence[Pin], *, uv: str, python: str, run: Runner, scratch: Path) -> tuple[Pin, ...]:
    """The pins, with the digests of archives in the net, which uv has read already to resolve them."""
    asked, lock = scratch / "archives.txt", scratch / "pylock.toml"
    archives = [pin for pin in pins if not is_known(pin) and pin.url.startswith(("http://", "https://"))]
    if not archives:
        return tuple(pins)
    asked.write_text("".join(f"{pin.requirement}\n" for pin in archives))
    try:
        run([uv, "pip", "compile", "--quiet", "--no-deps", "--python", python, "--output-file", str(lock), str(asked)])
        packages = msgspec.toml.decode(lock.read_bytes(), type=_Lock).packages
    except (GateError, OSError, msgspec.DecodeError):
        return tuple(pins)  # an old uv: what lies there is asked for again
    told = {each.name: each.archive.hashes.get("sha256", "") for each in packages if each.archive}
    return tuple(
        msgspec.structs.replace(pin, sha256=told[pin.name]) if pin in archives and told.get(pin.name) else pin
        for pin in pins
    )


def _digested(pin: Pin) -> Pin:
    """Of a local file or folder; the pin as it is where there is none."""
    place = urlsplit(pin.url)
    path = Path(url2pathname(place.path))
    if place.scheme != "file":
        return pin
    try:
        sha256 = _of_folder(path) if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return pin
    return msgspec.structs.replace(pin, sha256=sha256)


def _of_folder(folder: Path) -> str:
    """With commit and tags, from which versions are made."""
    state = git_says(folder, "describe", "--tags", "--always", "--long", "--abbrev=40")
    return hashlib.sha256(f"{state} {sources_digest(folder, in_git=False)}".encode()).hexdigest()


class _Archive(msgspec.Struct, frozen=True):
    hashes: dict[str, str] = {}


class _Package(msgspec.Struct, frozen=True):
    name: str
    archive: _Archive | None = None


class _Lock(msgspec.Struct, frozen=True):
    """The part of a pylock.toml that is read (https://packaging.python.org/en/latest/specifications/pylock-toml/)."""

    packages: tuple[_Package, ...] = ()
