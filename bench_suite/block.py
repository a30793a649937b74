"""Measures one block: starts its workers, lets them take turns, and says what became of each case.

While one worker runs, the others are frozen. What goes wrong in one worker is the outcome of its case and of no other.
This module starts no process itself and prints nothing: it is given a way to start a worker and somebody to tell.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from typing import Literal, Protocol, TypeVar

import msgspec

from bench_suite.cases import Case
from bench_suite.frameworks.program import DeviceUnavailable
from bench_suite.measuring.stopping import is_narrow
from bench_suite.measuring.timing import seconds
from bench_suite.presets import Preset
from bench_suite.record import Certificate, Scalar
from bench_suite.workers.handle import Worker
from bench_suite.workers.protocol import (
    Build,
    Built,
    Describe,
    Described,
    Measure,
    Measured,
    Prepare,
    Prepared,
    Reply,
    Request,
    Setting,
)

Stopped = Literal["narrow", "budget"]
ReplyType = TypeVar("ReplyType", bound=Reply)


class CaseMeasured(msgspec.Struct, frozen=True):
    """All that was measured of a case."""

    rounds_seconds: tuple[float, ...]
    turns: tuple[int, ...]
    stopped: Stopped
    prepared: tuple[Prepared, ...]
    """One for each fresh process; the first one carries the certificate."""
    certificate: Certificate
    workload: dict[str, Scalar]
    program: dict[str, Scalar]
    worker: dict[str, Scalar]


class CaseUnavailable(msgspec.Struct, frozen=True):
    """The framework cannot use the device."""

    reason: str


class CaseFailed(msgspec.Struct, frozen=True):
    """The case could not be measured, or must not be."""

    error: Exception
    """As raised; inside pytest's own process it still has the traceback that a debugger wants."""


Outcome = CaseMeasured | CaseUnavailable | CaseFailed


class Listener(Protocol):
    """Who is told how far measuring is."""

    def preparing(self, case: Case) -> None: ...

    def prepared(self, case: Case, prepared: Prepared) -> None: ...

    def round_done(self, case: Case, rounds_seconds: list[float], *, spent_seconds: float) -> None: ...

    def case_done(self, case: Case, outcome: Outcome) -> None: ...


class WorkerFactory(Protocol):
    """Starts a worker and says which setting it is to be built with."""

    def __call__(self, case: Case) -> tuple[Worker, Setting]: ...


class _Seat:
    """One case's place at the table: its worker and what has come from it so far."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.worker: Worker | None = None
        self.workload: dict[str, Scalar] = {}
        self.prepared: list[Prepared] = []
        self.rounds_seconds: list[float] = []
        self.turns: list[int] = []
        self.spent_seconds = 0.0
        self.narrow = False

    def ask(self, request: Request, expected: type[ReplyType], *, limit_seconds: float) -> ReplyType:
        if self.worker is None:
            raise RuntimeError(f"{self.case.id} has no worker to ask")
        reply = self.worker.ask(request, limit_seconds=limit_seconds)
        if not isinstance(reply, expected):
            raise TypeError(f"the worker answered {type(request).__name__} with {type(reply).__name__}")
        return reply

    def close(self) -> None:
        if self.worker is not None:
            self.worker.close()
            self.worker = None


def measure_block(
    cases: Iterable[Case],
    *,
    start_worker: WorkerFactory,
    preset: Preset,
    order: random.Random,
    listener: Listener,
    outcomes: dict[Case, Outcome],
    fresh_processes: bool = True,
) -> None:
    """Measure the cases of one block against each other.

    What becomes of each goes into ``outcomes`` as soon as it is known, so that an interrupt costs only what was still
    being measured.
    A case goes on taking its turn until all of them are narrow or its own time is spent: were it to leave as soon as it
    is narrow, the rounds of the others would no longer have neighbours in time to be compared with.
    ``order`` shuffles who goes first, anew each turn. ``fresh_processes`` False says that the workers share one
    process, where only the first compilation is cold. Whatever is raised here, Ctrl-C above all, ends every worker
    first.
    """
    seats = [_Seat(case) for case in cases]
    table = _Table(start_worker, preset=preset, listener=listener, outcomes=outcomes, fresh_processes=fresh_processes)
    try:
        living = seats
        for turn in itertools.count():
            if not living:
                break
            for seat in order.sample(living, k=len(living)):
                table.take_turn(seat, turn)
            living = table.end_turn(living)
    finally:
        for seat in seats:
            seat.close()


class _Table:
    """What the seats of a block share. The turn before the first round prepares."""

    def __init__(
        self,
        start_worker: WorkerFactory,
        *,
        preset: Preset,
        listener: Listener,
        outcomes: dict[Case, Outcome],
        fresh_processes: bool,
    ) -> None:
        self._start_worker = start_worker
        self._preset = preset
        self._listener = listener
        self._outcomes = outcomes
        self._fresh_processes = fresh_processes

    def take_turn(self, seat: _Seat, turn: int) -> None:
        """Let one case prepare or run one round; settle what becomes of it when that is known."""
        started = seconds()
        try:
            if seat.case.phase == "compilation":
                over = self._compile_once(seat, turn=turn, started=started)
            elif turn == 0:
                self._prepare(seat)
                over = False
            else:
                over = self._time_round(seat, turn=turn, started=started)
            if over:
                self._finish(seat)
        except DeviceUnavailable as error:
            self._settle(seat, CaseUnavailable(reason=str(error)))
        except Exception as error:  # noqa: BLE001 - one case's failure must not take the block with it
            self._settle(seat, CaseFailed(error=error))

    def end_turn(self, seats: list[_Seat]) -> list[_Seat]:
        """Those of ``seats`` that go on: none once every one that is still measured is narrow."""
        living = [seat for seat in seats if seat.case not in self._outcomes]
        if not all(seat.narrow for seat in living):
            return living
        for seat in living:
            try:
                self._finish(seat)
            except Exception as error:  # noqa: BLE001 - as above
                self._settle(seat, CaseFailed(error=error))
        return []

    def _prepare(self, seat: _Seat) -> Prepared:
        self._listener.preparing(seat.case)
        limit_seconds = self._preset.limit_seconds
        seat.worker, setting = self._start_worker(seat.case)
        seat.workload = seat.ask(Build(setting), Built, limit_seconds=limit_seconds).workload
        request = Prepare(certify=not seat.prepared, round_seconds=self._preset.round_seconds)
        prepared = seat.ask(request, Prepared, limit_seconds=limit_seconds)
        seat.worker.freeze()
        seat.prepared.append(prepared)
        self._listener.prepared(seat.case, prepared)
        return prepared

    def _time_round(self, seat: _Seat, *, turn: int, started: float) -> bool:
        """True when the case's time is spent."""
        request = Measure(steps=seat.prepared[0].steps_per_round)
        measured = seat.ask(request, Measured, limit_seconds=self._preset.limit_seconds)
        if seat.worker is not None:
            seat.worker.freeze()
        self._take(seat, measured.seconds, turn=turn, started=started)
        return seat.spent_seconds >= self._preset.rounds_seconds

    def _compile_once(self, seat: _Seat, *, turn: int, started: float) -> bool:
        """A cold compilation is a round of its own, in a process of its own. True when there is no time for another."""
        seat.close()
        prepared = self._prepare(seat)
        self._take(seat, prepared.time_to_first_step_seconds, turn=turn, started=started)
        once_more_seconds = seat.spent_seconds / len(seat.rounds_seconds)
        return seat.spent_seconds + once_more_seconds > self._preset.compile_seconds or not self._fresh_processes

    def _take(self, seat: _Seat, round_seconds: float, *, turn: int, started: float) -> None:
        seat.rounds_seconds.append(round_seconds)
        seat.turns.append(turn)
        seat.spent_seconds += seconds() - started
        seat.narrow = is_narrow(seat.rounds_seconds)
        self._listener.round_done(seat.case, seat.rounds_seconds, spent_seconds=seat.spent_seconds)

    def _finish(self, seat: _Seat) -> None:
        certificate = seat.prepared[0].certificate
        if certificate is None:
            raise RuntimeError("the first preparation of a case must certify it")
        described = seat.ask(Describe(), Described, limit_seconds=self._preset.limit_seconds)
        outcome = CaseMeasured(
            rounds_seconds=tuple(seat.rounds_seconds),
            turns=tuple(seat.turns),
            stopped="narrow" if seat.narrow else "budget",
            prepared=tuple(seat.prepared),
            certificate=certificate,
            workload=seat.workload,
            program=described.program,
            worker=described.worker,
        )
        self._settle(seat, outcome)

    def _settle(self, seat: _Seat, outcome: Outcome) -> None:
        seat.close()
        self._outcomes[seat.case] = outcome
        self._listener.case_done(seat.case, outcome)
