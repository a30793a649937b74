"""What a requirement says of a version, and whether it holds here, also where either follows no rule of today's.

Installed packages may have a version that is none by PEP 440, or none that is known, and ``packaging`` may raise where
it meets one. Nothing here does: what cannot be told is told as a requirement that stands in no one's way.
"""

from __future__ import annotations

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version


def read_requirement(line: str) -> Requirement | None:
    """None for what is none."""
    try:
        return Requirement(line)
    except InvalidRequirement:
        return None


def holds_here(requirement: Requirement) -> bool:
    """Whether its marker is true of this interpreter, without an extra; False where that cannot be told."""
    try:
        return requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    except ValueError:  # it compares what cannot be compared, as the release of a kernel with a version
        return False


def fulfils(version: str, requirement: Requirement) -> bool:
    """Whether the requirement admits the version, pre-releases included; True of a version that compares with none."""
    try:
        return requirement.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return True
