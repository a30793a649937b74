"""Which machines of a fleet run what the session that leads it runs: the interpreter, and the packages that matter.

Two blocks of one run with two versions of a framework would be read as one. Hardware may differ, for every case names
its machine. It looks at fingerprints alone and asks no machine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from speedscore.fleet.work import FleetMachine
from speedscore.host.fields import Scalar, is_allowed

_VERSIONS = ("package.", "python.implementation", "python.version")
_NO_PART = ("package.pytest",)
"""Takes no part in what a worker measures; the plugins of pytest have names that begin so."""
_MAY_LACK = ("package.speedscore",)
"""It need not be installed where the checkout travels."""


class Admission(msgspec.Struct, frozen=True):
    """Which machines may measure, by name."""

    admitted: tuple[str, ...]
    refused: dict[str, str]
    """Machine → why it may not."""
    marked: dict[str, str]
    """Machine → what differs there and was allowed."""

    @property
    def lines(self) -> list[str]:
        """What the session prints about it before anything is measured."""
        return [
            *(f"{name} measures nothing: {why}" for name, why in self.refused.items()),
            *(f"{name} measures all the same: {what}" for name, what in self.marked.items()),
        ]


def admit(machines: Iterable[FleetMachine], driver: Mapping[str, Scalar], *, allow: Collection[str]) -> Admission:
    """``driver`` is the environment of the session that leads; ``allow`` names fields as ``compare --allow`` does."""
    admitted, refused, marked = [], {}, {}
    for machine in machines:
        differing = differing_versions(driver, machine.environment)
        forbidden = {field: text for field, text in differing.items() if not is_allowed(field, allow)}
        if forbidden:
            refused[machine.name] = f"{'; '.join(forbidden.values())}; --fleet-allow {next(iter(forbidden))} lets it"
            continue
        admitted.append(machine.name)
        if differing:
            marked[machine.name] = "; ".join(differing.values())
    return Admission(tuple(admitted), refused, marked)


def differing_versions(driver: Mapping[str, Scalar], machine: Mapping[str, Scalar]) -> dict[str, str]:
    """Field → what is there and what is here. What a machine has beside is no difference: nothing here uses it."""
    return {
        field: f"{field} is {machine.get(field, 'not there')} and must be {here}, as here"
        for field, here in sorted(driver.items())
        if _must_agree(field) and machine.get(field) != here and not (field in _MAY_LACK and field not in machine)
    }


def _must_agree(field: str) -> bool:
    return field.startswith(_VERSIONS) and not field.startswith(_NO_PART)
