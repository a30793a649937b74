"""pytest's side keeps its own clock: what a worker says of a round must account for what was waited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from speedscore.bench_suite.measuring.role_rounds import (
    FARTHEST_STEP,
    FEWEST_READINGS,
    TRIES,
    RoleRounds,
    RoundRefused,
    steps_of,
)
from speedscore.bench_suite.workers.protocol import (
    Done,
    DrawBatch,
    LoadWeights,
    Request,
    Settle,
    Settled,
    TimedRound,
    TimeRound,
)
from speedscore.record.phases import Role

STEP_SECONDS = 0.01
STEPS = 8


class MadeUpWorker:
    """Takes its time on a made-up clock, and says of it what it likes."""

    def __init__(self) -> None:
        self.now = 0.0
        self.held_up = 0.0
        self.claims: Callable[[int], float] = lambda _: STEP_SECONDS
        """Seconds a step that it says, by the number of the round."""
        self.before = 0.0
        """Seconds of work before the clock."""
        self.drawing = 0.0
        """Seconds of going back and of drawing a batch."""
        self.stopped = 0.0
        """Seconds of each round in which it waits for a processor behind the clock."""
        self.moves = True
        self.asked: list[Request] = []
        self.rounds = 0

    def __call__(self, request: Request, _: type[Any], /) -> Any:
        self.asked.append(request)
        if isinstance(request, LoadWeights | DrawBatch):
            self.now += self.drawing
            return Done()
        if isinstance(request, Settle):
            self.now += request.steps * STEP_SECONDS + self.before
            return Settled(loss=float(self.rounds))
        assert isinstance(request, TimeRound)
        self.now += request.steps * STEP_SECONDS + self.stopped
        self.held_up += self.stopped
        self.rounds += 1
        return TimedRound(self.claims(self.rounds), loss=self.rounds - (0.0 if self.moves else 1.0))

    def rounds_of(self, role: Role) -> RoleRounds:
        return RoleRounds(role, self, lambda: self.held_up, clock=lambda: self.now)

    @property
    def starts(self) -> list[bool]:
        """Of each batch, whether training went back to the canonical weights first."""
        before = zip([None, *self.asked], self.asked, strict=False)
        return [isinstance(first, LoadWeights) for first, then in before if isinstance(then, DrawBatch)]

    @property
    def batches(self) -> list[int]:
        return [request.batch for request in self.asked if isinstance(request, DrawBatch)]


def test_a_round_on_which_both_clocks_agree_is_a_figure() -> None:
    worker = MadeUpWorker()
    assert worker.rounds_of("training").take(STEPS, batch=5) == STEP_SECONDS
    assert worker.batches == [5]


def test_a_round_that_is_said_to_be_shorter_is_taken_again_over_another_batch() -> None:
    worker = MadeUpWorker()
    worker.claims = lambda number: STEP_SECONDS * (0.8 if number == 1 else 1.0)
    assert worker.rounds_of("inference").take(STEPS, batch=5) == STEP_SECONDS
    first, second = worker.batches
    assert first == 5 != second


def test_a_clock_that_never_agrees_is_wrong() -> None:
    worker = MadeUpWorker()
    worker.claims = lambda _: STEP_SECONDS / 2
    with pytest.raises(RoundRefused, match=r"8 steps took 40 ms, and pytest's side waited 80 ms .* its clock is wrong"):
        worker.rounds_of("inference").take(STEPS)
    assert worker.rounds == TRIES


def test_waiting_for_a_processor_is_nobodys_fault() -> None:
    worker = MadeUpWorker()
    worker.stopped = 0.5
    assert worker.rounds_of("inference").take(STEPS) == STEP_SECONDS
    assert worker.rounds == 1


@pytest.mark.parametrize("before_seconds", [0.004, 0.04])
def test_work_before_the_clock_shows_in_what_settling_takes(before_seconds: float) -> None:
    worker = MadeUpWorker()
    worker.before = before_seconds
    rounds = worker.rounds_of("throughput")
    for _ in range(FEWEST_READINGS):
        rounds.require_true(batch_bytes=1000)
        rounds.take(STEPS)
    if before_seconds < STEP_SECONDS:
        rounds.require_true(batch_bytes=1000)
    else:
        with pytest.raises(RoundRefused, match=r"2 steps over a fresh batch took 60 ms .* before the clock"):
            rounds.require_true(batch_bytes=1000)
    # A large batch takes longer to copy.
    rounds.require_true(batch_bytes=10**9)


@pytest.mark.parametrize("steps", [STEPS, 50])
def test_work_before_the_clock_shows_in_training_however_often_it_goes_back(steps: int) -> None:
    worker = MadeUpWorker()
    worker.before = 2 * steps * STEP_SECONDS
    rounds = worker.rounds_of("training")
    for _ in range(FEWEST_READINGS):
        rounds.take(steps)
    with pytest.raises(RoundRefused, match=r"before the clock"):
        rounds.require_true(batch_bytes=1000)


def test_going_back_and_drawing_are_no_work_before_the_clock() -> None:
    worker = MadeUpWorker()
    worker.drawing = 10.0
    rounds = worker.rounds_of("training")
    for _ in range(FEWEST_READINGS):
        rounds.take(STEPS)
    rounds.require_true(batch_bytes=1000)


def test_training_that_finds_the_same_loss_again_did_nothing() -> None:
    worker = MadeUpWorker()
    worker.moves = False
    with pytest.raises(RoundRefused, match=r"the loss of a step is 0.0 before and after the round: no step was done"):
        worker.rounds_of("training").take(STEPS)


def test_every_round_of_training_can_be_done_over_again_from_near_the_start() -> None:
    worker = MadeUpWorker()
    rounds = worker.rounds_of("training")
    for _ in range(10):
        rounds.take(STEPS)
        assert steps_of(rounds.since_start) <= FARTHEST_STEP
        assert [plan.batch for plan in rounds.since_start] == worker.batches[-len(rounds.since_start) :]
    assert worker.starts == [True, False, False, False] * 2 + [True, False]


def test_slow_training_goes_back_before_every_round() -> None:
    worker = MadeUpWorker()
    worker.claims = lambda _: 1.0
    rounds = worker.rounds_of("training")
    for _ in range(3):
        rounds.take(STEPS)
    assert worker.starts == [True] * 3
