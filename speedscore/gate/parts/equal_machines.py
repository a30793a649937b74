"""Which machines of a fleet are equal, so that a share of a gate is the same on each of them, and how others differ.

It looks at what machines have said of themselves; none is asked, and none is chosen for what it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from speedscore.fleet.work import Admits, FleetMachine
from speedscore.host.distributions import differing, takes_part
from speedscore.host.fields import Scalar
from speedscore.text.cleaning import one_line
from speedscore.text.numbers import first_of

_EQUAL = re.compile(
    r"cpu\..*|system\.machine|python\.(version|implementation)"
    r"|process\.niceness|gpu\.(count|driver|\d+\.(name|memory_bytes|power_limit_milliwatts))"
)
"""What the fingerprints of equal machines have in common."""
_PACKAGE = "package."
_ABOUT = ("memory.total_bytes", "memory.limit_bytes")
"""Of which no two machines have quite the same."""
_MOST_NAMED = 3
"""So much of what differs between two machines is named; of more, how much it is."""
_ABOUT_SHARE = 0.05
"""By which those may differ: each kernel keeps a little for itself."""


def equal_machines(machines: Sequence[FleetMachine]) -> tuple[list[str], dict[str, str]]:
    """The names of the largest set of equal machines, and in what each other one differs from the first of them."""
    alike: dict[tuple[tuple[str, Scalar], ...], list[FleetMachine]] = {}
    for machine in machines:
        alike.setdefault(tuple(sorted(_exact(machine).items())), []).append(machine)
    chosen = max(map(_around_one, alike.values()), key=len, default=[])
    names = [machine.name for machine in chosen]
    others = [machine for machine in machines if machine.name not in names]
    return names, {machine.name: _difference(chosen[0], machine) for machine in others}


def _around_one(alike: Sequence[FleetMachine]) -> list[FleetMachine]:
    """Of machines that may differ in ``_ABOUT`` alone, the largest set that is equal to one of its own, which comes
    first: two that are about the same as a third need not be so to each other."""
    largest: list[FleetMachine] = []
    for first in alike:
        around = [first, *(machine for machine in alike if machine is not first and _is_about(first, machine))]
        largest = max(largest, around, key=len)
        if len(largest) == len(alike):
            break
    return largest


def only_like(first: FleetMachine, *, told: Mapping[str, str], say: Callable[[str], None]) -> Admits:
    """Lets machines equal to ``first`` do shares, and says of each other one once why it does none; ``told`` says of
    which that has been said."""
    said = {left_out_line(name, why) for name, why in told.items()}

    def admits(machine: FleetMachine) -> bool:
        if _exact(first) == _exact(machine) and _is_about(first, machine):
            return True
        line = left_out_line(machine.name, _difference(first, machine))
        if line not in said:
            said.add(line)
            say(line)
        return False

    return admits


def left_out_line(name: str, why: str) -> str:
    return f"gate: {name} is left out: {why}"


def unlike_here(first: FleetMachine, here: FleetMachine) -> list[str]:
    """A warning where the equal machines run other versions than whoever started this gate would take them to."""
    fields = ("python.implementation", "python.version")
    both = {name: (here.environment[name], first.environment.get(name)) for name in fields if name in here.environment}
    found = [(name, ours, theirs) for name, (ours, theirs) in both.items() if theirs not in (None, ours)]
    found += [(f"package.{name}", *pair) for name, pair in differing(here.packages, first.packages).items()]
    if not found:
        return []
    said = [one_line(f"{name} is {theirs} there and {ours} here") for name, ours, theirs in found]
    return [f"the machines run other versions than where this gate was started: {first_of(said, _MOST_NAMED)}"]


def _exact(machine: FleetMachine) -> dict[str, Scalar]:
    packages = {f"package.{name}": version for name, version in machine.packages.items()}
    known = {name: value for name, value in machine.environment.items() if name.startswith(_PACKAGE)} | packages
    taking_part = {name: value for name, value in known.items() if takes_part(name.removeprefix(_PACKAGE))}
    return taking_part | {name: value for name, value in machine.environment.items() if _EQUAL.fullmatch(name)}


def _is_about(first: FleetMachine, other: FleetMachine) -> bool:
    return not any(_is_another(name, first, other) for name in _ABOUT)


def _is_another(name: str, first: FleetMachine, other: FleetMachine) -> bool:
    ours, theirs = first.environment.get(name), other.environment.get(name)
    if isinstance(ours, int | float) and isinstance(theirs, int | float):
        return abs(ours - theirs) > _ABOUT_SHARE * max(ours, theirs)
    return ours != theirs


def _difference(first: FleetMachine, other: FleetMachine) -> str:
    ours, theirs = _exact(first), _exact(other)
    names = [name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)]
    names += [name for name in _ABOUT if _is_another(name, first, other)]
    here, there = (machine.environment | exact for machine, exact in ((first, ours), (other, theirs)))
    said = [
        one_line(f"{name} is {there.get(name, 'not known')} there and {here.get(name, 'not known')} elsewhere")
        for name in sorted(names)
    ]
    return first_of(said, _MOST_NAMED)
