"""The gate that leads others on a fleet: each machine of the largest equal set gates a part of the cases.

What is measured on a machine, and how it is decided, is that machine's own gate's. This one places, waits, and puts the
reports together.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from functools import partial
from pathlib import Path

import msgspec

from speedscore.fleet.work import Admits, FleetError, FleetMachine, Piece, RunningFleet
from speedscore.gate.errors import GateError
from speedscore.gate.outcome import INTERRUPTED
from speedscore.gate.parts.arguments import AFFECTED
from speedscore.gate.parts.merging import merge
from speedscore.gate.parts.on_machine import ENTRY, PartRequest
from speedscore.gate.parts.part import LeaderInstructions, Part
from speedscore.gate.parts.part_states import SPENT, PartStates
from speedscore.gate.parts.trees import put_side_by_side
from speedscore.gate.report import GateReport
from speedscore.gate.worktrees import SourceTree
from speedscore.host.distributions import differing, takes_part
from speedscore.host.fields import Scalar
from speedscore.host.scratch import make_scratch
from speedscore.text.cleaning import one_line
from speedscore.text.numbers import first_of

_EQUAL = re.compile(
    r"cpu\..*|package\..*|system\.machine|python\.(version|implementation)"
    r"|process\.niceness|gpu\.(count|driver|\d+\.(name|memory_bytes|power_limit_milliwatts))"
)
"""What the fingerprints of equal machines have in common."""
_ABOUT = ("memory.total_bytes", "memory.limit_bytes")
"""Of which no two machines have quite the same."""
_MOST_NAMED = 3
"""So much of what differs between two machines is named; of more, how much it is."""
_ABOUT_SHARE = 0.05
"""By which those may differ: each kernel keeps a little for itself."""

OpenFleet = Callable[..., AbstractContextManager[RunningFleet]]


def gate_on_fleet(
    address: str,
    *,
    head: SourceTree,
    base: SourceTree,
    arguments: tuple[str, ...],
    folder: Path,
    whole: GateReport,
    packages: Mapping[str, str],
    inconclusive_passes: bool,
    left_seconds: Callable[[], float | None],
    say: Callable[[str], None],
    settled: Callable[[], None],
    open_fleet: OpenFleet,
) -> GateReport:
    """Gate head against base there. ``arguments`` are pytest's, ``folder`` is where it was started; ``whole`` says what
    is known before, and ``packages`` what is installed where this gate was started; ``left_seconds`` is what is left of
    the budget now; ``settled`` is called once nothing more comes of any part.

    Ctrl-C and the loss of the cluster end all gates, and what those had said until then is the report. Raises GateError
    where no part has said anything, but for Ctrl-C.
    """
    scratch = make_scratch("gate-fleet")
    try:
        put_side_by_side(head, base, scratch)
        started = os.path.relpath(folder.resolve(), head.root.resolve())
        request = PartRequest(arguments=arguments, folder="." if started.startswith("..") else started)
        with open_fleet(address, checkout=scratch) as fleet:
            at_first = fleet.machines
            chosen, left_out = equal_machines(at_first)
            for name, why in left_out.items():
                say(_left_out(name, why))
            parts = [Part(number, len(chosen)) for number in range(1, len(chosen) + 1)]
            say(f"gate: the cases are shared out over {', '.join(chosen)}")
            place = partial(_piece, left_seconds=left_seconds)
            first = next(machine for machine in at_first if machine.name == chosen[0])
            unlike_here = _unlike_here(first, FleetMachine("", whole.environment, dict(packages)))
            run = partial(_run, fleet, admits=_only_like(first, told=left_out, say=say), say=say)
            looked = _look_what_is_affected(run, parts, request, place)
            states = looked.cut_off or run([place(part, looked.request) for part in parts], PartStates(parts))
            settled()
            # One of the chosen that came back as another has gated nothing since.
            described = (*fleet.machines, *(machine for machine in at_first if machine.name in chosen))
            machines = {machine.name: machine.environment for machine in described}
    except FleetError as error:
        raise GateError(f"--gate-fleet {address}: {error}") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    known = states.known()
    if not any(state.report for state in known) and states.cut_off not in (INTERRUPTED, SPENT):
        raise GateError(f"no share was gated: {'; '.join(dict.fromkeys(state.why_not for state in known))}")
    whole = msgspec.structs.replace(whole, warnings=(*whole.warnings, *unlike_here, *looked.warnings))
    return merge(known, whole=whole, machines=machines, inconclusive_passes=inconclusive_passes, cut_off=states.cut_off)


class _Looked(msgspec.Struct, frozen=True):
    """What is to be asked of the gates of all parts."""

    request: PartRequest
    warnings: tuple[str, ...] = ()
    cut_off: PartStates | None = None
    """The states of the parts, where nothing will be gated any more."""


def _look_what_is_affected(
    run: Callable[[Sequence[Piece], PartStates], PartStates],
    parts: Sequence[Part],
    request: PartRequest,
    place: Callable[[Part, PartRequest], Piece],
) -> _Looked:
    """No part is to have, or to count, a case that the change cannot have touched: each first runs its test files to
    see that. Where there is one part it sees that by itself, and runs them once less."""
    if AFFECTED not in request.arguments or len(parts) == 1:
        return _Looked(request)
    looking = msgspec.structs.replace(request, instructions=LeaderInstructions(only_looks=True))
    states = run([place(part, looking) for part in parts], PartStates(parts))
    if states.cut_off:
        states.cut(states.cut_off, all_of_them=True)
        return _Looked(request, cut_off=states)
    reports = [state.report for state in states.known() if state.report]
    left_out = {case: why for report in reports for case, why in report.left_out.items()}
    warnings = dict.fromkeys(warning for report in reports for warning in report.warnings)
    return _Looked(
        msgspec.structs.replace(
            request,
            arguments=tuple(argument for argument in request.arguments if argument != AFFECTED),
            instructions=LeaderInstructions(left_out=left_out),
        ),
        warnings=tuple(warning for warning in warnings if warning.startswith(AFFECTED)),
    )


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


def _only_like(first: FleetMachine, *, told: Mapping[str, str], say: Callable[[str], None]) -> Admits:
    """Lets machines equal to ``first`` do shares, and says of each other one once why it does none; ``told`` says of
    which that has been said."""
    said = {_left_out(name, why) for name, why in told.items()}

    def admits(machine: FleetMachine) -> bool:
        if _exact(first) == _exact(machine) and _is_about(first, machine):
            return True
        line = _left_out(machine.name, _difference(first, machine))
        if line not in said:
            said.add(line)
            say(line)
        return False

    return admits


def _left_out(name: str, why: str) -> str:
    return f"gate: {name} is left out: {why}"


def _unlike_here(first: FleetMachine, here: FleetMachine) -> list[str]:
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
    known = {f"package.{name}": version for name, version in machine.packages.items() if takes_part(name)}
    return known | {name: value for name, value in machine.environment.items() if _EQUAL.fullmatch(name)}


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


def _piece(part: Part, request: PartRequest, *, left_seconds: Callable[[], float | None]) -> Piece:
    own = msgspec.structs.replace(request, arguments=(*request.arguments, f"--gate-part={part}"))

    def asked() -> bytes:
        # A part that is placed anew has no more of the budget than is left.
        return msgspec.json.encode(msgspec.structs.replace(own, left_seconds=left_seconds()))

    return Piece(name=str(part), entry=ENTRY, request=asked)


def _run(
    fleet: RunningFleet,
    pieces: Sequence[Piece],
    states: PartStates,
    *,
    admits: Admits,
    say: Callable[[str], None],
) -> PartStates:
    """The states of the parts, once nothing more comes of any."""
    try:
        with closing(fleet.run(pieces, admits=admits)) as events:
            for event in events:
                if said := states.take(event):
                    say(f"gate: {said}")
    except KeyboardInterrupt:
        states.cut(INTERRUPTED)
    except FleetError as error:
        states.cut(str(error))
    return states
