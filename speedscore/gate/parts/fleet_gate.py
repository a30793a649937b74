"""The gate that leads others on a fleet: each machine of the largest equal set gates a part of the cases.

What is measured on a machine, and how it is decided, is that machine's own gate's. This one places, waits, and puts the
reports together.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from functools import partial
from pathlib import Path

import msgspec

from speedscore.fleet.work import Admits, FleetError, FleetMachine, Piece, RunningFleet
from speedscore.gate.checkouts.worktrees import SourceTree
from speedscore.gate.errors import GateError
from speedscore.gate.loop.outcome import INTERRUPTED
from speedscore.gate.part import LeaderInstructions, Part
from speedscore.gate.parts.arguments import AFFECTED
from speedscore.gate.parts.equal_machines import equal_machines, left_out_line, only_like, unlike_here
from speedscore.gate.parts.merging import merge
from speedscore.gate.parts.on_machine import ENTRY, PartRequest
from speedscore.gate.parts.part_states import SPENT, PartStates
from speedscore.gate.parts.trees import put_side_by_side
from speedscore.gate.reporting.report import GateReport
from speedscore.host.scratch import make_scratch

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
            without = (*fleet.absent, *fleet.refused)
            absent = [f"the cases were shared out without a machine: {absence}" for absence in without]
            chosen, left_out = equal_machines(at_first)
            for name, why in left_out.items():
                say(left_out_line(name, why))
            for absence in fleet.absent:
                say(f"gate: not used unless it answers later: {absence}")
            parts = [Part(number, len(chosen)) for number in range(1, len(chosen) + 1)]
            say(f"gate: the cases are shared out over {', '.join(chosen)}")
            place = partial(_piece, left_seconds=left_seconds)
            first = next(machine for machine in at_first if machine.name == chosen[0])
            unlike = unlike_here(first, FleetMachine("", whole.environment, dict(packages)))
            run = partial(_run, fleet, admits=only_like(first, told=left_out, say=say), say=say)
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
    whole = msgspec.structs.replace(whole, warnings=(*whole.warnings, *absent, *unlike, *looked.warnings))
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
