"""Where the distributions that Python finds here came from, so that pip can be asked for the same ones elsewhere.

From package metadata alone (PEP 610 for what came from an address). The standard library and ``packaging``, which Ray
brings, are all that it imports: it is asked on machines where nothing else is installed yet.
"""

from __future__ import annotations

import json
from importlib import metadata
from typing import Any, NamedTuple

from packaging.version import InvalidVersion, Version

from speedscore.host.distributions import SITES, folder_of, found_distributions

_CONDA = "conda"
"""What it has built says that it came from a folder, that of its own builder."""


class Origin(NamedTuple):
    """Of one distribution. A NamedTuple, because msgspec may be missing where this is asked."""

    pinned: str
    """``NAME==VERSION`` as a registry has it, without a local label, so that any build of the version fits; empty where
    the version is none by PEP 440."""
    requirement: str
    """What pip is asked for to have the same: that, or the address with its commit or digest. Empty where it came from
    files of this machine."""


def origins() -> dict[str, Origin]:
    """Of all distributions, by name; of two of one name, of the first on the path."""
    return {name: _origin(name, version, found) for name, version, found in found_distributions()}


def _origin(name: str, version: str, found: metadata.Distribution) -> Origin:
    try:
        pinned = f"{name}=={Version(version).public}"
    except InvalidVersion:
        pinned = ""
    told = found.read_text("direct_url.json")
    if told and (found.read_text("INSTALLER") or "").strip() != _CONDA:
        address = _address(told)
        return Origin(pinned, f"{name} @ {address}" if address else "")
    # Metadata that lies elsewhere is that of a checkout on the path.
    return Origin(pinned, pinned if folder_of(found).name in SITES else "")


def _address(told: str) -> str:
    """As pip reads it; empty where it leads to this machine's files, or is not understood."""
    try:
        said = json.loads(told)
        url, vcs, archive = str(said["url"]), said.get("vcs_info"), said.get("archive_info")
        if "://" not in url or url.startswith("file:"):
            return ""
        if vcs:
            return f"{vcs['vcs']}+{url}@{vcs['commit_id']}{_fragment(subdirectory=said.get('subdirectory'))}"
        return f"{url}{_fragment(sha256=_sha256(archive), subdirectory=said.get('subdirectory'))}" if archive else ""
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def _sha256(archive: dict[str, Any]) -> str:
    older = str(archive.get("hash", ""))
    return str(archive.get("hashes", {}).get("sha256", older.removeprefix("sha256=") if "sha256=" in older else ""))


def _fragment(**parts: str | None) -> str:
    said = "&".join(f"{name}={value}" for name, value in parts.items() if value)
    return f"#{said}" if said else ""
