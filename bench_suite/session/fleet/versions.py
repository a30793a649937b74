"""Which machines of a fleet may measure: those that run what the session that leads runs, and are what was asked for.

Two blocks of one run with two versions of a framework would be read as one: interpreter and packages must agree.
Hardware may differ, for every case names its machine, unless a kind was asked for. It looks at what machines have said
of themselves and asks none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from speedscore.fleet.work import FleetMachine
from speedscore.host.distributions import differing, takes_part
from speedscore.host.fields import Scalar, as_text, is_allowed
from speedscore.text.numbers import first_of
from speedscore.text.suggestions import did_you_mean

_VERSIONS = ("package.", "python.implementation", "python.version")
_PACKAGE = "package."
_MAY_LACK = ("package.speedscore",)
"""It need not be installed where the checkout travels."""
_MOST_NAMED = 3
"""So much of what differs on a machine is named; of more, how much it is."""


class Demands(msgspec.Struct, frozen=True):
    """What a machine must be to measure for a session."""

    environment: dict[str, Scalar]
    """Of the session that leads: its versions must be the machine's."""
    packages: dict[str, str] = {}
    """Of that session too, all that are installed: those that the machine has must be of the same version."""
    allow: tuple[str, ...] = ()
    """Fields that may differ all the same, as ``compare --allow`` names them."""
    only: dict[str, str] = {}
    """Field → the value that it must have on the machine."""


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


def admit(machines: Iterable[FleetMachine], demands: Demands) -> Admission:
    machines = list(machines)
    fields = set(demands.environment).union(*(machine.environment for machine in machines))
    admitted, refused, marked = [], {}, {}
    for machine in machines:
        differ = differing_versions(demands.environment, machine.environment) | _differing_packages(demands, machine)
        forbidden = {field: text for field, text in differ.items() if not is_allowed(field, demands.allow)}
        if unlike := _unlike(demands, machine, fields):
            refused[machine.name] = "; ".join(unlike)
        elif forbidden:
            refused[machine.name] = f"{_named(forbidden)}; {_what_lets_it(list(forbidden))}"
        else:
            admitted.append(machine.name)
            if differ:
                marked[machine.name] = _named(differ)
    return Admission(tuple(admitted), refused, marked)


def differing_versions(driver: Mapping[str, Scalar], machine: Mapping[str, Scalar]) -> dict[str, str]:
    """Field → what is there and what is here. What a machine has beside is no difference: nothing here uses it."""
    return {
        field: _differs(field, machine.get(field, "not there"), here)
        for field, here in sorted(driver.items())
        if _must_agree(field) and machine.get(field) != here and not (field in _MAY_LACK and field not in machine)
    }


def _differing_packages(demands: Demands, machine: FleetMachine) -> dict[str, str]:
    """The same of packages that no fingerprint names, as those that a framework needs."""
    found = differing(demands.packages, machine.packages)
    return {f"package.{name}": _differs(f"package.{name}", there, here) for name, (here, there) in found.items()}


def _differs(field: str, there: Scalar, here: Scalar) -> str:
    return f"{field} is {there} and must be {here}, as here"


def _unlike(demands: Demands, machine: FleetMachine, fields: Collection[str]) -> list[str]:
    """``fields`` are those that any machine has: one that none has may be mistyped."""
    found = {field: as_text(machine.environment.get(field)) for field in demands.only}
    return [
        f"{field} is {found[field] or 'not known'}, and --fleet-only asks for {asked}"
        + ("" if field in fields else did_you_mean(field, fields))
        for field, asked in demands.only.items()
        if found[field] != asked
    ]


def _named(differ: Mapping[str, str]) -> str:
    return first_of(list(differ.values()), _MOST_NAMED, between="; ")


def _what_lets_it(fields: list[str]) -> str:
    first = f"--fleet-allow {fields[0]} lets it"
    return first if len(fields) == 1 else f"{first}, and so each; --fleet-allow package lets all packages"


def _must_agree(field: str) -> bool:
    return field.startswith(_VERSIONS) and (not field.startswith(_PACKAGE) or takes_part(field.removeprefix(_PACKAGE)))
