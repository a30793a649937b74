"""The pair that looks for reasons: after the verdicts, both sides run the regressed cases once more under a profiler;
where the work is done in a worker, which is not sampled, for what XLA writes of its programs.

One side after the other, for nothing is compared by the clock here. Whatever fails is told as a note and changes no
verdict. None of its figures is used for one.
"""

from __future__ import annotations

import contextlib
import shutil
from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

import msgspec

from speedscore.gate.cases.gated_case import GatedCase
from speedscore.gate.errors import BudgetSpentError, GateError
from speedscore.gate.hlo import (
    Operation,
    changed_layouts,
    changed_operations,
    dump_variables,
    dumped_modules,
    operations_in,
)
from speedscore.gate.pairs.pairs import PairRunner, StartedPair
from speedscore.gate.reasons.py_spy import PySpy, find_py_spy
from speedscore.gate.reasons.reasons import MOST_OPERATIONS, CaseReasons, moved_counts, reasons_of
from speedscore.gate.reasons.source_places import placed
from speedscore.gate.sides.side import CaseRequest, Finished, Observed, Ready, Side
from speedscore.host.extras import install_command
from speedscore.host.piped import ProcessLostError
from speedscore.host.scratch import make_scratch
from speedscore.verdicts.verdict import Verdict

MOST_CASES = 8
"""Cases that are looked into, the largest regressions first: a change that slows many has seldom many reasons."""
SECONDS = 1.5
"""Of rounds on each side."""
LOOKED_INTO = {"SPEEDSCORE_GATE_LOOKED_INTO": "yes"}
"""Tells a side that a profiler may want to read it."""
_IN_WORKER = "the case runs in a worker of its own, which is not sampled"
_NOT_MEMORY = "where memory grew is not looked into: only time is sampled"


class _Seen(msgspec.Struct, frozen=True):
    """What one side shows of a case."""

    observed: Observed | None
    """None where no profiler was at work."""
    operations: Counter[Operation]
    profiler: str


def looked_into(cases: Sequence[GatedCase]) -> list[GatedCase]:
    """Those that are run once more."""
    return [case for case in _slowest(cases) if not case.runs_in_worker or case.lowers_in_worker]


def _slowest(cases: Sequence[GatedCase]) -> list[GatedCase]:
    return sorted(filter(_has_regressed, cases), key=lambda case: -_ratio(case))[:MOST_CASES]


def find_reasons(cases: Sequence[GatedCase], runner: PairRunner) -> tuple[CaseReasons, ...]:
    """Of the cases whose time or counts regressed, in one pair of their own; of memory a note says that nobody looked.
    Raises nothing but KeyboardInterrupt."""
    grown = [case.id for case in cases if _memory_regressed(case)]
    reasons = {each.case: each for each in _of_slowest(cases, runner)}
    for case in grown:
        known = reasons.get(case, CaseReasons(case))
        notes = filter(None, (known.note, _NOT_MEMORY))
        reasons[case] = msgspec.structs.replace(known, note="; ".join(notes))
    return tuple(reasons.values())


def _of_slowest(cases: Sequence[GatedCase], runner: PairRunner) -> tuple[CaseReasons, ...]:
    regressed, run_again = _slowest(cases), looked_into(cases)
    found: dict[str, CaseReasons] = {}
    note, folder = "", None
    try:
        if run_again:
            folder = make_scratch("reasons")
            _look_into_all(run_again, runner, folder=folder, found=found)
    except (BudgetSpentError, GateError, ProcessLostError, OSError) as error:
        note = f"not looked into: {str(error).partition(chr(10))[0] or 'the time budget was spent'}"
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
    return tuple(
        found.get(case.id)
        or CaseReasons(case.id, note=note if case in run_again else _IN_WORKER, counts=moved_counts(case.verdicts()))
        for case in regressed
    )


def _has_regressed(case: GatedCase) -> bool:
    return any(verdict.outcome == "regressed" and verdict.metric != "memory" for verdict in case.verdicts())


def _memory_regressed(case: GatedCase) -> bool:
    return any(verdict.outcome == "regressed" and verdict.metric == "memory" for verdict in case.verdicts())


def _ratio(case: GatedCase) -> float:
    return max((verdict.ratio or 0.0 for verdict in case.verdicts() if verdict.outcome == "regressed"), default=0.0)


def _look_into_all(
    cases: Sequence[GatedCase], runner: PairRunner, *, folder: Path, found: dict[str, CaseReasons]
) -> None:
    """One case after the other; what is found of one stands, whatever becomes of the next."""
    variables = {label: LOOKED_INTO | dump_variables(folder / label) for label in ("base", "head")}
    with runner.started((), variables=variables) as pair:
        for case, following in zip_longest(cases, (case.id for case in cases[1:])):
            runner.check_budget()
            found[case.id] = _look_into(pair, case, runner, following=following, folder=folder)


def _look_into(
    pair: StartedPair, case: GatedCase, runner: PairRunner, *, following: str | None, folder: Path
) -> CaseReasons:
    task = runner.task_of(case, seconds=SECONDS)
    request = CaseRequest(case=case.id, next=following, processors=task.processors, iterations=task.iterations)
    verdicts: Sequence[Verdict] = case.verdicts()
    seen: list[_Seen] = []
    for side in (pair.base, pair.head):
        answer = _look_at_side(side, case, request, runner, folder=folder / side.spec.label)
        if isinstance(answer, str):
            if side is pair.base:
                # Both must run every case: pytest tears down what the next one, as it was told, does not need.
                _run_to_its_end(pair.head, request)
            return CaseReasons(case.id, note=f"{side.spec.label}: {answer}", counts=moved_counts(verdicts))
        seen.append(answer)
    base, head = seen
    changes = changed_operations(base.operations, head.operations) or changed_layouts(base.operations, head.operations)
    if base.observed is None or head.observed is None:
        counts = moved_counts(verdicts)
        return CaseReasons(case.id, note=_IN_WORKER, operations=tuple(changes[:MOST_OPERATIONS]), counts=counts)
    return reasons_of(
        case.id,
        placed(base.observed, pair.base.spec),
        placed(head.observed, pair.head.spec),
        profiler=" and ".join(dict.fromkeys((base.profiler, head.profiler))),
        operations=changes,
        verdicts=verdicts,
    )


def _run_to_its_end(side: Side, request: CaseRequest) -> None:
    side.begin(request, extra_work=0.0)
    if isinstance(side.ready(), Ready):
        side.enough()
        side.finished()


def _look_at_side(
    side: Side, case: GatedCase, request: CaseRequest, runner: PairRunner, *, folder: Path
) -> _Seen | str:
    """What is seen, or why nothing is."""
    folder.mkdir(exist_ok=True)
    before = dumped_modules(folder)
    if case.runs_in_worker:
        finished = runner.run_untimed(side, request)
        if finished.outcome != "passed":
            return f"{finished.outcome} ({finished.reason})"
        return _Seen(None, operations_in(dumped_modules(folder) - before), "")
    side.begin(request, extra_work=0.0)
    state = side.ready()
    if isinstance(state, Finished):
        return f"{state.outcome} ({state.reason})"
    observed, profiler = _sampled(side, state, request.iterations or state.iterations, folder=folder)
    if isinstance(observed, Finished):
        return f"{observed.outcome} ({observed.reason})"
    side.enough()
    side.finished()
    return _Seen(observed, operations_in(dumped_modules(folder) - before), profiler)


def _sampled(side: Side, ready: Ready, iterations: int, *, folder: Path) -> tuple[Observed | Finished, str]:
    """By py-spy where it is there and may; else by the side itself. With the name of what took the samples."""

    def observe(*, sampled: bool) -> Observed | Finished:
        return side.observe(iterations, most_rounds=ready.most_rounds, seconds=SECONDS, sampled=sampled)

    program = find_py_spy()
    if program is None or side.process_id is None:
        return observe(sampled=True), f"sampled from within (py-spy: not installed; {install_command('why')})"
    try:
        recording = PySpy(program, side.process_id, folder=folder)
    except OSError as error:  # made for another system, or not for this user to run
        return observe(sampled=True), f"sampled from within (py-spy: {error.strerror})"
    with contextlib.closing(recording):
        if recording.why_not:
            return observe(sampled=True), f"sampled from within ({recording.why_not})"
        answer = observe(sampled=False)
        return (answer if isinstance(answer, Finished) else recording.finish(answer)), "py-spy"
