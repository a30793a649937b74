"""Measures one block: starts its workers, lets them take turns, and says what became of each case.

A block runs through its processes one after the other: in each, every cell has a fresh worker, all workers live at the
same time, and while one runs the others are frozen. Only on a TPU, which serves one process at a time, each lives
alone. Processes come in pairs, the first from empty compilation caches and the second from those that the first filled,
so that one worker serves training, inference and compile figures of its cell. What goes wrong in one worker is the
outcome of its own cases. This module starts no process itself and prints nothing: it is given a way to start a worker
and somebody to tell.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, Protocol, TypeVar

import msgspec

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.matrix.cases import Case, Cell
from speedscore.bench_suite.measuring.stopping import interval_fraction, is_narrow
from speedscore.bench_suite.workers.handle import Worker, WorkerLost
from speedscore.bench_suite.workers.protocol import (
    Build,
    Built,
    Describe,
    Described,
    Gauge,
    Gauged,
    Measure,
    Measured,
    Prepare,
    Prepared,
    Reply,
    Request,
    Setting,
)
from speedscore.bench_suite.workloads.presets import Preset
from speedscore.host.clock import seconds
from speedscore.host.fields import Scalar
from speedscore.record.descriptions import ProgramDescription, WorkerDescription
from speedscore.record.phases import PHASES, ROLES, TIMED_PHASE, DeviceName, Role
from speedscore.record.run_record import Certificate, Round

Stopped = Literal["narrow", "budget"]
ReplyType = TypeVar("ReplyType", bound=Reply)

ONE_PROCESS_AT_A_TIME: frozenset[DeviceName] = frozenset({"tpu"})
"""libtpu gives a chip to one process: a second one fails, or waits for the first to end."""

FEWEST_TURNS = 3
"""Taken even when the time is up: a case that was prepared at length must not end without a figure."""

NEEDS_TWO = "a warm compilation needs the caches of a process before it: --processes 2 or more"
NOTHING_FROM_CACHES = "a compilation from warm caches was asked for, but it took nothing from them"
OUT_OF_TIME = "the time budget was spent before this case was prepared; --resume takes the session up again"


class CaseMeasured(msgspec.Struct, frozen=True):
    """All that was measured of a case."""

    rounds: tuple[Round, ...]
    stopped: Stopped
    prepared: tuple[Prepared, ...]
    """Of the processes that the case's compile and memory figures come from: warm ones for a warm compilation, else
    those that began with empty caches."""
    certificate: Certificate
    """The worst of all processes."""
    flops: int
    gauged: Gauged | None
    workload: dict[str, Scalar]
    program: ProgramDescription
    worker: WorkerDescription

    @property
    def rounds_seconds(self) -> tuple[float, ...]:
        return tuple(each.seconds for each in self.rounds)


class CaseUnavailable(msgspec.Struct, frozen=True):
    """The framework cannot use the device, or the case has no place in this session."""

    reason: str


class CaseFailed(msgspec.Struct, frozen=True):
    """The case could not be measured, or must not be."""

    error: Exception
    """As raised; inside pytest's own process it still has the traceback that a debugger wants."""


Outcome = CaseMeasured | CaseUnavailable | CaseFailed


class Listener(Protocol):
    """Who is told how far measuring is."""

    def preparing(self, cell: Cell, *, process: int) -> None: ...

    def round_done(self, case: Case, rounds_seconds: Sequence[float]) -> None: ...

    def case_done(self, case: Case, outcome: Outcome) -> None: ...


class WorkerFactory(Protocol):
    """Starts a worker and says which setting it is to be built with."""

    def __call__(self, cell: Cell, *, process: int) -> tuple[Worker, Setting]:
        """An even ``process`` starts from empty caches, an odd one from those of the process before it."""
        ...


class Plan(msgspec.Struct, frozen=True):
    """How much of everything."""

    preset: Preset
    processes: int
    deadline_seconds: float | None = None
    """On the clock of ``measuring.timing``: rounds end in time for it. None leaves it to the preset's rounds."""


def ask(worker: Worker, request: Request, expected: type[ReplyType], *, limit_seconds: float) -> ReplyType:
    """The worker's reply, which must be of the kind that is expected."""
    reply = worker.ask(request, limit_seconds=limit_seconds)
    if not isinstance(reply, expected):
        raise TypeError(f"the worker answered {type(request).__name__} with {type(reply).__name__}")
    return reply


class _Part:
    """One role of a cell: its program's share of the figures."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.prepared: list[Prepared] = []
        self.rounds: list[Round] = []
        self.described: Described | None = None
        self.began = 0
        """Index of the present process's first round."""
        self.spent_seconds = 0.0
        """In rounds of the present process, settling included."""

    @property
    def present(self) -> list[float]:
        """Rounds of the present process."""
        return [each.seconds for each in self.rounds[self.began :]]

    @property
    def width(self) -> float:
        """How far the interval of the present process's rounds reaches; infinite while there is none."""
        fraction = interval_fraction(self.present)
        return float("inf") if fraction is None else fraction


class _Seat:
    """One cell's place at the table."""

    def __init__(self, cell: Cell, cases: Sequence[Case]) -> None:
        self.cell = cell
        self.cases = {case.phase: case for case in cases}
        wanted = {case.role for case in cases}
        self.parts = {role: _Part(role) for role in ROLES if role in wanted}
        self.worker: Worker | None = None
        self.built = Built(workload={}, flops={})
        self.gauged: Gauged | None = None

    def timed(self, role: Role) -> bool:
        return role in self.parts and TIMED_PHASE[role] in self.cases

    def ask(self, request: Request, expected: type[ReplyType], *, limit_seconds: float) -> ReplyType:
        if self.worker is None:
            raise RuntimeError(f"{self.cell.id} has no worker to ask")
        return ask(self.worker, request, expected, limit_seconds=limit_seconds)

    def close(self) -> None:
        if self.worker is not None:
            self.worker.close()
            self.worker = None


def measure_block(
    cases: Sequence[Case],
    *,
    start_worker: WorkerFactory,
    plan: Plan,
    order: random.Random,
    listener: Listener,
    outcomes: dict[Case, Outcome],
) -> None:
    """Measure the cases of one block against each other.

    What becomes of each goes into ``outcomes``. ``order`` shuffles who goes first, anew each turn. Whatever is raised
    here, Ctrl-C above all, ends every worker first; what was measured until then is kept where it makes a case.
    """
    by_cell: dict[Cell, list[Case]] = {}
    for case in cases:
        by_cell.setdefault(case.cell, []).append(case)
    table = _Table(
        [_Seat(cell, own) for cell, own in by_cell.items()],
        start_worker,
        plan=plan,
        order=order,
        listener=listener,
        outcomes=outcomes,
    )
    try:
        table.run()
    except BaseException:
        table.close()
        table.settle(interrupted=True)
        raise
    table.settle(interrupted=False)


class _Table:
    """What the seats of a block share."""

    def __init__(
        self,
        seats: list[_Seat],
        start_worker: WorkerFactory,
        *,
        plan: Plan,
        order: random.Random,
        listener: Listener,
        outcomes: dict[Case, Outcome],
    ) -> None:
        self._seats = seats
        self._present: list[_Seat] = []
        self._sittings_left = 0
        self._start_worker = start_worker
        self._plan = plan
        self._order = order
        self._listener = listener
        self._turn = 0
        self._process = 0
        self._preparing_seconds = 0.0
        self._rounds_end_seconds: float | None = None
        self._outcomes = outcomes

    def run(self) -> None:
        """All processes of all cells, as far as there is time."""
        together = [self._seats]
        if any(seat.cell.device in ONE_PROCESS_AT_A_TIME for seat in self._seats):
            together = [[seat] for seat in self._seats]
        self._sittings_left = self._plan.processes * len(together)
        for process in range(self._plan.processes):
            for seats in together:
                self._present = [seat for seat in seats if seat.parts]
                if self._begin(process):
                    self._run_rounds()
                    self._end_process()

    def _begin(self, process: int) -> bool:
        """Prepare a fresh worker for every cell that goes on. False when nobody does, or there is no time for it."""
        self._sittings_left -= 1
        living = self._present
        left_seconds = self._left_seconds()
        if not living or (process and left_seconds is not None and left_seconds < self._preparing_seconds):
            return False
        self._process = process
        started = seconds()
        for seat in self._order.sample(living, k=len(living)):
            if process == 0 and left_seconds is not None and self._late():
                self._lose(seat, tuple(seat.parts), CaseUnavailable(OUT_OF_TIME))
            else:
                self._prepare(seat)
        self._preparing_seconds = max(self._preparing_seconds, seconds() - started)
        self._rounds_end_seconds = self._share_of_time()
        return True

    def _run_rounds(self) -> None:
        """Rounds of the role whose widest interval is widest, turn after turn, until all are narrow or time is up."""
        turns = dict.fromkeys(ROLES, 0)
        while open_roles := [role for role in ROLES if self._open(role, turns[role])]:
            role = max(open_roles, key=self._widest)
            turns[role] += 1
            self._turn += 1
            seats = self._taking_turns(role)
            for seat in self._order.sample(seats, k=len(seats)):
                with self._settling(seat, (role,)):
                    self._time_round(seat, role)

    def _end_process(self) -> None:
        """Ask what ran, measure what the figures are held against, and let the workers go."""
        for seat in self._present:
            for role, part in list(seat.parts.items()):
                if role in seat.parts and part.described is None:
                    with self._settling(seat, (role,)):
                        self._describe(seat, part)
            if seat.parts and seat.gauged is None:
                with self._settling(seat, tuple(seat.parts)):
                    self._gauge(seat)
            seat.close()

    def close(self) -> None:
        for seat in self._seats:
            seat.close()

    def settle(self, *, interrupted: bool) -> None:
        """The outcomes of all cases that nothing went wrong with; after an interrupt of those that have a figure."""
        for seat in self._seats:
            for case in seat.cases.values():
                if case.role in seat.parts:
                    outcome = _outcome(case, seat)
                    if not interrupted or isinstance(outcome, CaseMeasured):
                        self._settle(case, outcome)

    def _prepare(self, seat: _Seat) -> None:
        self._listener.preparing(seat.cell, process=self._process)
        with self._settling(seat, tuple(seat.parts)):
            self._start(seat)
        for role in list(seat.parts):
            if role in seat.parts:
                with self._settling(seat, (role,)):
                    self._prepare_part(seat, role)
        if seat.worker is not None:
            seat.worker.freeze()

    def _start(self, seat: _Seat) -> None:
        seat.worker, setting = self._start_worker(seat.cell, process=self._process)
        seat.built = seat.ask(Build(setting), Built, limit_seconds=self._plan.preset.limit_seconds)

    def _prepare_part(self, seat: _Seat, role: Role) -> None:
        preset, part = self._plan.preset, seat.parts[role]
        request = Prepare(role=role, round_seconds=preset.round_seconds)
        part.prepared.append(seat.ask(request, Prepared, limit_seconds=preset.limit_seconds))
        part.began = len(part.rounds)
        part.spent_seconds = 0.0

    def _time_round(self, seat: _Seat, role: Role) -> None:
        started = seconds()
        part = seat.parts[role]
        # Of the first process, for all: a figure over other numbers of steps would be another figure.
        request = Measure(role=role, steps=part.prepared[0].steps_per_round)
        measured = seat.ask(request, Measured, limit_seconds=self._plan.preset.limit_seconds)
        if seat.worker is not None:
            seat.worker.freeze()
        part.rounds.append(Round(measured.seconds, turn=self._turn, process=self._process))
        part.spent_seconds += seconds() - started
        self._listener.round_done(seat.cases[TIMED_PHASE[role]], part.present)

    def _describe(self, seat: _Seat, part: _Part) -> None:
        part.described = seat.ask(Describe(part.role), Described, limit_seconds=self._plan.preset.limit_seconds)

    def _gauge(self, seat: _Seat) -> None:
        seat.gauged = seat.ask(Gauge(), Gauged, limit_seconds=self._plan.preset.limit_seconds)

    @contextmanager
    def _settling(self, seat: _Seat, roles: tuple[Role, ...]) -> Iterator[None]:
        """If it goes wrong, that is what becomes of the cases of ``roles``; of all, if the worker is lost."""
        try:
            yield
        except DeviceUnavailable as error:
            self._lose(seat, roles, CaseUnavailable(reason=str(error)))
        except WorkerLost as error:
            self._lose(seat, tuple(seat.parts), CaseFailed(error=error))
        except Exception as error:  # noqa: BLE001 - one case's failure must not take the block with it
            self._lose(seat, roles, CaseFailed(error=error))

    def _lose(self, seat: _Seat, roles: tuple[Role, ...], outcome: Outcome) -> None:
        for role in roles:
            del seat.parts[role]
            for case in seat.cases.values():
                if case.role == role:
                    self._settle(case, outcome)
        if not seat.parts:
            seat.close()

    def _settle(self, case: Case, outcome: Outcome) -> None:
        self._outcomes[case] = outcome
        self._listener.case_done(case, outcome)

    def _taking_turns(self, role: Role) -> list[_Seat]:
        """Whose rounds are wanted: a case goes on until all are narrow, for a round needs neighbours in time."""
        seats = [seat for seat in self._present if seat.timed(role)]
        if self._plan.deadline_seconds is not None:
            return seats
        return [seat for seat in seats if seat.parts[role].spent_seconds < self._plan.preset.rounds_seconds]

    def _open(self, role: Role, turns: int) -> bool:
        seats = self._taking_turns(role)
        if not seats:
            return False
        if turns >= FEWEST_TURNS and self._rounds_end_seconds is not None and seconds() >= self._rounds_end_seconds:
            return False
        return not all(is_narrow(seat.parts[role].present) for seat in seats)

    def _widest(self, role: Role) -> tuple[float, int]:
        """Widest interval, and of equal ones that with the fewest rounds."""
        parts = [seat.parts[role] for seat in self._taking_turns(role)]
        return max(part.width for part in parts), -min(len(part.present) for part in parts)

    def _left_seconds(self) -> float | None:
        return None if self._plan.deadline_seconds is None else self._plan.deadline_seconds - seconds()

    def _late(self) -> bool:
        left_seconds = self._left_seconds()
        return left_seconds is not None and left_seconds <= 0

    def _share_of_time(self) -> float | None:
        """When these rounds must end, so that the later ones have as much time and can be prepared as well."""
        left_seconds = self._left_seconds()
        if left_seconds is None:
            return None
        later = self._sittings_left
        return seconds() + max(0.0, left_seconds - later * self._preparing_seconds) / (later + 1)


def _outcome(case: Case, seat: _Seat) -> Outcome:
    """What came of a case of which nothing failed."""
    part = seat.parts[case.role]
    is_warm = PHASES[case.phase].is_warm
    cold, warm = part.prepared[::2], part.prepared[1::2]
    prepared = warm if is_warm else cold
    if is_warm and not warm:
        return CaseUnavailable(NEEDS_TWO)
    if is_warm and any(each.from_cache is False for each in warm):
        return CaseFailed(RuntimeError(NOTHING_FROM_CACHES))
    if part.described is None:
        return CaseUnavailable(OUT_OF_TIME)
    if not PHASES[case.phase].compiles:
        rounds = tuple(part.rounds)
    else:
        first = 1 if is_warm else 0
        rounds = tuple(
            Round(each.time_to_first_step_seconds, turn=0, process=first + 2 * index)
            for index, each in enumerate(prepared)
        )
    if not rounds:
        return CaseUnavailable(OUT_OF_TIME)
    return CaseMeasured(
        rounds=rounds,
        stopped="narrow" if is_narrow([each.seconds for each in rounds]) else "budget",
        prepared=tuple(prepared),
        certificate=max((each.certificate for each in part.prepared), key=lambda each: each.worst_ratio),
        flops=seat.built.flops[case.role],
        gauged=seat.gauged,
        workload=seat.built.workload,
        program=part.described.program,
        worker=part.described.worker,
    )
