"""Which requirements that installed packages have of each other other versions would not fulfil.

A version that compares with none is in conflict with nothing. No installer is asked here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

import msgspec
from packaging.utils import canonicalize_name

from speedscore.gate.environments.interpreters import Environment
from speedscore.gate.environments.requirements import fulfils, holds_here, read_requirement
from speedscore.gate.upgrades.pins import Pin


class Conflict(msgspec.Struct, frozen=True):
    """A package whose own requirement the versions of others do not fulfil."""

    package: str
    requirement: str
    found: str
    """The version that it would find."""


def broken_by(pins: Sequence[Pin], environment: Environment) -> list[Conflict]:
    """Packages that stay as they are, and that are content with the environment now but not with these versions."""
    before: dict[str, str] = {canonicalize_name(name): version for name, version in environment.packages.items()}
    after: dict[str, str] = before | {pin.name: pin.version for pin in pins}
    changed = {pin.name for pin in pins}
    staying = {name: lines for name, lines in that_name(environment.requires, changed).items() if name not in changed}
    already = {(each.package, each.requirement) for each in conflicts(staying, before)}
    return [each for each in conflicts(staying, after) if (each.package, each.requirement) not in already]


def that_name(requires: Mapping[str, Sequence[str]], names: Set[str]) -> dict[str, list[str]]:
    """By normalised name of a package those of its requirements that hold here and are of one of these names."""
    kept = {
        canonicalize_name(package): [line for line in lines if required_name(line) in names]
        for package, lines in requires.items()
    }
    return {package: lines for package, lines in kept.items() if lines}


def required_name(line: str) -> str:
    """Of the package that is required, normalised; empty where this installation does not require it."""
    requirement = read_requirement(line)
    return canonicalize_name(requirement.name) if requirement and holds_here(requirement) else ""


def conflicts(requires: Mapping[str, Sequence[str]], versions: Mapping[str, str]) -> list[Conflict]:
    """Requirements that the versions do not fulfil; a package that is not there at all counts for nothing.

    Names are normalised.
    """
    found = []
    for package, lines in sorted(requires.items()):
        for line in lines:
            requirement, version = read_requirement(line), versions.get(required_name(line))
            if requirement and version is not None and not fulfils(version, requirement):
                found.append(Conflict(package, line, version))
    return found
