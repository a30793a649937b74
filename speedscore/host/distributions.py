"""The distributions that Python finds here, by name and version, and how those of two machines differ.

From package metadata alone: nothing is imported. What differs is named; whether it may is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

_INSTALLERS = ("pip", "setuptools", "uv", "wheel")
SITES = frozenset({"site-packages", "dist-packages"})
"""The names of folders with installed packages."""
_RUNS_TESTS = "pytest"
"""Takes no part in what is measured; the names of its plugins begin so."""


def found_distributions() -> list[tuple[str, str, metadata.Distribution]]:
    """Name, version and the distribution itself, each name as the registry writes it; of two of one name the first on
    the path, without what a package brings for itself, as Ray does, which is on the path once that is imported."""
    seen: dict[str, tuple[str, metadata.Distribution]] = {}
    for found in metadata.distributions():
        # What is half removed has no name, or no version.
        told: Any = found.metadata or {}
        name, version = told.get("Name"), told.get("Version")
        if name and version and not SITES.intersection(folder_of(found).parent.parts):
            seen.setdefault(re.sub(r"[-_.]+", "-", name).lower(), (version, found))
    return [(name, *each) for name, each in sorted(seen.items())]


def folder_of(found: metadata.Distribution) -> Path:
    """The one on the path in which it was found."""
    return Path(str(found.locate_file("")))


def installed_versions() -> dict[str, str]:
    """Distribution → version."""
    return {name: version for name, version, _ in found_distributions()}


def is_installer(distribution: str) -> bool:
    return distribution in _INSTALLERS


def takes_part(distribution: str) -> bool:
    """Whether a figure may depend on it: not on what installs, and not on what runs tests."""
    return not is_installer(distribution) and not distribution.startswith(_RUNS_TESTS)


def differing(here: Mapping[str, str], there: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Distribution → its version here and there, of those that take part and that both have.

    What only one has is no difference: either nothing needs it, or it is missed by name as soon as something does.
    """
    return {
        name: (version, there[name])
        for name, version in sorted(here.items())
        if takes_part(name) and there.get(name, version) != version
    }
