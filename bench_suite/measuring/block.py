"""Measures one block: starts its workers, lets them take turns, and says what became of each case.

A block runs through its processes one after the other: in each, every cell has a fresh worker, all workers live at the
same time, and while one runs the others are frozen. Only on a TPU, which serves one process at a time, each lives
alone. Processes come in pairs, the first from empty compilation caches and the second from those that the first filled,
so that one worker serves training, inference and compile figures of its cell. A process during whose rounds others used
much of the processors is measured again, where there is time, and the first attempt is no figure. What goes wrong in
one worker is the outcome of its own cases. This module starts no process itself and prints nothing: it is given a way
to start a worker and a listener to tell.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

import msgspec

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.matrix.cases import Case, Cell
from speedscore.bench_suite.measuring.cell_run import CellRun, WorkerFactory
from speedscore.bench_suite.measuring.deadline import Deadline
from speedscore.bench_suite.measuring.load_watch import LoadWatch, OthersSeconds, is_disturbed, unknown_load
from speedscore.bench_suite.measuring.outcomes import (
    OUT_OF_TIME,
    CaseFailed,
    CaseMeasured,
    CaseOutcome,
    CaseUnavailable,
    Listener,
)
from speedscore.bench_suite.measuring.product_peak import MeasureProduct, ProductPeak, unknown_product
from speedscore.bench_suite.measuring.scheduler import RoundScheduler
from speedscore.bench_suite.workers.handle import WorkerLost
from speedscore.bench_suite.workers.protocol import Profiled
from speedscore.bench_suite.workloads.presets import Preset
from speedscore.host.clock import Clock, seconds
from speedscore.record.phases import TIMED_PHASE, DeviceName, Role
from speedscore.text.numbers import first_line

ONE_PROCESS_AT_A_TIME: frozenset[DeviceName] = frozenset({"tpu"})
"""libtpu gives a chip to one process: a second one fails, or waits for the first to end."""

_UNFORESEEN = random.SystemRandom()

KeepProfile = Callable[[Case, Profiled], None]
"""Given the profile of a case, or why there is none, while the worker's files are still there."""


class BlockPlan(msgspec.Struct, frozen=True):
    """How much of everything one block gets."""

    preset: Preset
    processes: int
    deadline_seconds: float | None = None
    """On the clock that the block is measured by: rounds end in time for it. None leaves it to the preset's rounds."""


class BlockInterrupted(BaseException):
    """Something that is no case's failure, Ctrl-C above all, ended a block. Every worker has ended.

    It is no ``Exception``, for whoever catches those must not swallow a Ctrl-C: raise ``cause`` again.
    """

    def __init__(self, cause: BaseException, *, outcomes: Mapping[Case, CaseOutcome]) -> None:
        super().__init__(f"the block was ended by {type(cause).__name__}")
        self.cause = cause
        self.outcomes = outcomes
        """Of the cases that had failed by then, or have a figure all the same."""


def measure_block(
    cases: Sequence[Case],
    *,
    start_worker: WorkerFactory,
    plan: BlockPlan,
    order: random.Random,
    listener: Listener,
    clock: Clock = seconds,
    others_seconds: OthersSeconds = unknown_load,
    process_ended: Callable[[Mapping[Case, CaseOutcome]], None] | None = None,
    keep_profile: KeepProfile | None = None,
    measure_product: MeasureProduct = unknown_product,
) -> Mapping[Case, CaseOutcome]:
    """Measure the cases of one block against each other: what became of each.

    ``order`` shuffles who goes first, anew each turn; ``others_seconds`` counts what others use of our processors
    meanwhile; ``process_ended`` is told after each process but the last what has a figure by then. With
    ``keep_profile``, each timed case is profiled in the last of its processes, after all that is measured there.
    ``measure_product`` times a matrix product apart from the workers: no step is faster than it could be.

    Raises BlockInterrupted, with what was measured until then, for whatever is not the failure of a case.
    """
    by_cell: dict[Cell, list[Case]] = {}
    for case in cases:
        by_cell.setdefault(case.cell, []).append(case)
    peak = ProductPeak(measure_product, watch=partial(LoadWatch, others_seconds, clock=clock))
    cells = [CellRun(cell, own, preset=plan.preset, product_peak=peak) for cell, own in by_cell.items()]
    outcomes = _Outcomes(listener)
    try:
        block = _Block(
            cells,
            start_worker,
            plan=plan,
            order=order,
            outcomes=outcomes,
            clock=clock,
            others_seconds=others_seconds,
            keep_profile=keep_profile,
        )
        for process in range(plan.processes):
            block.run(process)
            if process_ended is not None and process + 1 < plan.processes:
                process_ended(outcomes.so_far(cells))
    except BaseException as error:
        for cell in cells:
            cell.close()
        outcomes.settle_rest(cells, interrupted=True)
        raise BlockInterrupted(error, outcomes=outcomes.by_case) from error
    outcomes.settle_rest(cells, interrupted=False)
    return outcomes.by_case


class _Outcomes:
    """The outcomes so far. A case gets its first outcome when it fails, or when its block ends."""

    def __init__(self, listener: Listener) -> None:
        self.by_case: dict[Case, CaseOutcome] = {}
        self.listener = listener

    @contextmanager
    def failures_of(self, cell: CellRun, roles: tuple[Role, ...]) -> Iterator[None]:
        """What goes wrong inside becomes the outcome of the cases of ``roles``; of all, if the worker is lost."""
        try:
            yield
        except DeviceUnavailable as error:
            self.give_up(cell, roles, CaseUnavailable(reason=str(error)))
        except WorkerLost as error:
            self.give_up(cell, tuple(cell.roles), CaseFailed(error=error))
        except Exception as error:  # noqa: BLE001 - one case's failure must not take the block with it
            self.give_up(cell, roles, CaseFailed(error=error))

    def give_up(self, cell: CellRun, roles: tuple[Role, ...], outcome: CaseOutcome) -> None:
        """Measure these roles of the cell no further. Its worker ends with the last of them."""
        for role in roles:
            del cell.roles[role]
            for case in cell.cases_of(role):
                self._settle(case, outcome)
        if not cell.roles:
            cell.close()

    def settle_rest(self, cells: Sequence[CellRun], *, interrupted: bool) -> None:
        """The outcomes of all cases that nothing went wrong with; after an interrupt of those that have a figure."""
        for cell in cells:
            for case in cell.cases.values():
                if case.role in cell.roles:
                    outcome = cell.outcome(case, interrupted=interrupted)
                    if not interrupted or isinstance(outcome, CaseMeasured):
                        self._settle(case, outcome)

    def so_far(self, cells: Sequence[CellRun]) -> Mapping[Case, CaseOutcome]:
        """What would remain if the block were interrupted now."""
        outcomes = {
            case: cell.outcome(case, interrupted=True)
            for cell in cells
            for case in cell.cases.values()
            if case.role in cell.roles
        }
        return {case: outcome for case, outcome in outcomes.items() if isinstance(outcome, CaseMeasured)}

    def _settle(self, case: Case, outcome: CaseOutcome) -> None:
        self.by_case[case] = outcome
        self.listener.case_done(case, outcome)


class _Block:
    """One block while it is measured."""

    def __init__(
        self,
        cells: Sequence[CellRun],
        start_worker: WorkerFactory,
        *,
        plan: BlockPlan,
        order: random.Random,
        outcomes: _Outcomes,
        clock: Clock,
        others_seconds: OthersSeconds,
        keep_profile: KeepProfile | None,
    ) -> None:
        self._groups = [list(cells)]
        """Cells whose workers live at the same time."""
        if any(cell.cell.device in ONE_PROCESS_AT_A_TIME for cell in cells):
            self._groups = [[cell] for cell in cells]
        self._start_worker = start_worker
        self._plan = plan
        self._order = order
        self._outcomes = outcomes
        self._clock = clock
        launches = plan.processes * len(self._groups)
        self._deadline = Deadline(plan.deadline_seconds, launches=launches, clock=clock)
        self._turn_numbers = itertools.count(1)
        self._others_seconds = others_seconds
        self._keep_profile = keep_profile
        self._may_repeat = True
        """Until a process that was measured again was disturbed too: the machine is busy all the time then."""

    def run(self, process: int) -> None:
        """One process of all cells, as far as there is time."""
        for group in self._groups:
            has_time = self._deadline.count_launch()
            cells = [cell for cell in group if cell.roles]
            # The first process is tried in any case: each of its cells says for itself that it came too late.
            if cells and (has_time or process == 0):
                disturbed = self._measure_process(cells, process=process)
                cells = [cell for cell in cells if cell.roles]
                if disturbed and cells and self._may_repeat and self._deadline.has_time_for_one_more():
                    self._may_repeat = not self._measure_process(cells, process=process, again=True)

    def _measure_process(self, cells: Sequence[CellRun], *, process: int, again: bool = False) -> bool:
        """Measure one process of the cells, ``again`` in the place of a disturbed one; True where others disturbed it.

        That is said by their load alone, and is not known of a process in which nothing was timed.
        """
        self._prepare_all(cells, process=process, again=again)
        watch = LoadWatch(self._others_seconds, clock=self._clock)
        self._run_rounds(cells, process=process)
        busy = watch.processors_busy()
        for cell in cells:
            cell.measured_again += again
            if busy is not None:
                cell.processors_busy[process] = round(busy, 2)
        if any(cell.has_rate for cell in cells):
            cells[0].product_peak.measure()
        self._end_process(cells, process=process)
        disturbed = is_disturbed(busy, processors_used=max(cell.processors for cell in cells))
        if disturbed and busy is not None:
            self._outcomes.listener.disturbed(process=process, processors=busy)
        return disturbed

    def _prepare_all(self, cells: Sequence[CellRun], *, process: int, again: bool) -> None:
        """A fresh worker for every cell."""
        with self._deadline.preparing():
            shuffled = self._order.sample(cells, k=len(cells))
            must_be_in_time = process == 0 and not again
            if not (must_be_in_time and self._deadline.is_over):
                self._start_all(shuffled, process=process)
            for cell in shuffled:
                if must_be_in_time and self._deadline.is_over:
                    self._outcomes.give_up(cell, tuple(cell.roles), CaseUnavailable(OUT_OF_TIME))
                else:
                    self._prepare(cell, process=process)

    def _start_all(self, cells: Sequence[CellRun], *, process: int) -> None:
        """Let all workers import their frameworks at once: that is timed by nobody, and keeps one processor busy."""
        for cell in cells:
            self._outcomes.listener.preparing(cell.cell, process=process)
            with self._outcomes.failures_of(cell, tuple(cell.roles)):
                cell.start(self._start_worker, process=process)
        for cell in cells:
            if cell.roles:
                with self._outcomes.failures_of(cell, tuple(cell.roles)):
                    cell.wait_until_built()
                cell.freeze()

    def _prepare(self, cell: CellRun, *, process: int) -> None:
        for role in tuple(cell.roles):
            if role in cell.roles:
                with self._outcomes.failures_of(cell, (role,)):
                    cell.prepare(role)
                    if process == 0:
                        # Also here, for an interrupt leaves nobody to ask.
                        cell.describe(role)
        cell.freeze()

    def _run_rounds(self, cells: Sequence[CellRun], *, process: int) -> None:
        """Turn after turn, until the scheduler has no more."""
        scheduler = RoundScheduler(
            cells,
            rounds_seconds=self._plan.preset.rounds_seconds,
            end_seconds=self._deadline.rounds_end_seconds(),
            clock=self._clock,
        )
        while (turn := scheduler.next_turn()) is not None:
            role, taking_part = turn
            number = next(self._turn_numbers)
            # The same for all of a turn, and nothing that a program could know before.
            batch = _UNFORESEEN.getrandbits(62)
            for cell in self._order.sample(taking_part, k=len(taking_part)):
                with self._outcomes.failures_of(cell, (role,)):
                    self._time_round(cell, role, turn=number, process=process, batch=batch)

    def _time_round(self, cell: CellRun, role: Role, *, turn: int, process: int, batch: int) -> None:
        started = self._clock()
        cell.time_round(role, turn=turn, process=process, batch=batch)
        samples = cell.roles[role]
        samples.spent_seconds += self._clock() - started
        cell.look_at_round(role)
        self._outcomes.listener.round_done(cell.cases[TIMED_PHASE[role]], samples.process_rounds_seconds)

    def _end_process(self, cells: Sequence[CellRun], *, process: int) -> None:
        """Certify again, ask what ran, measure what the figures are held against, profile, and let the workers go."""
        for cell in cells:
            for role in tuple(cell.roles):
                if role in cell.roles:
                    with self._outcomes.failures_of(cell, (role,)):
                        cell.certify_again(role)
                        if process == 0:
                            cell.describe(role)
            if cell.roles:
                with self._outcomes.failures_of(cell, tuple(cell.roles)):
                    cell.gauge()
            # Last of all: what a profiler leaves behind in a process is to weigh on no figure.
            if self._keep_profile is not None and process == self._plan.processes - 1:
                self._profile(cell, self._keep_profile)
            cell.close()

    @staticmethod
    def _profile(cell: CellRun, keep_profile: KeepProfile) -> None:
        """Whatever goes wrong is told in the place of a profile: the case has its figure all the same."""
        for role in cell.roles:
            if cell.is_timed(role):
                try:
                    profiled = cell.profile(role)
                except Exception as error:  # noqa: BLE001 - what a profiler raises costs its profile and no figure
                    profiled = Profiled(reason=first_line(str(error)))
                keep_profile(cell.cases[TIMED_PHASE[role]], profiled)
