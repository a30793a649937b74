"""The rounds of one role in one worker as pytest's side sees them: it draws their batches and keeps its own clock.

What a worker says of a round is written by code that runs beside a framework's own. So each round ends with two
requests, one to take a fresh batch and settle, one to do the timed steps and nothing else, and both are timed here too;
going back to the canonical weights and drawing the batch are requests before them, in which no program can work for the
round: until it settles it has not seen the batch. A round of which the two clocks disagree is no figure and is taken
again; where they never agree, or where work was done before the clock ran, the rounds are refused. It knows no
framework and compares no results.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import SystemRandom
from typing import Protocol, TypeVar

import msgspec

from speedscore.bench_suite.workers.protocol import (
    Done,
    DrawBatch,
    LoadWeights,
    Reply,
    Request,
    RoundPlan,
    Settle,
    Settled,
    TimedRound,
    TimeRound,
)
from speedscore.host.clock import Clock, seconds
from speedscore.record.phases import Role

FARTHEST_STEP = 40
"""Training goes back to the canonical weights before it passes this step, unless one round alone is longer: what a step
costs must not depend on how far training has come, and any round can be done over again from there at little cost."""

FARTHEST_SECONDS = 2.0
"""Likewise where steps are slow: so long do those since the canonical weights take at most."""

LAG_SECONDS = 0.0015
LAG_SHARE = 0.03
"""How much longer than the timed steps pytest's side may wait for them: what two pipes, a look at pending work and the
reading of a loss take (0.2 to 0.8 ms where little else ran)."""
TRIES = 20
"""On a busy machine either side is held up for milliseconds; what of that the kernel tells is accounted for, and not
every kernel tells."""

SETTLING_SECONDS = 0.005
SETTLING_SHARE = 0.5
BYTES_PER_SECOND = 2e8
"""Beyond the steps of settling: a batch is copied to the device, and the first steps find caches cold (1 to
3 ms where little else ran)."""
FEWEST_READINGS = 6

ReplyType = TypeVar("ReplyType", bound=Reply)


HeldUp = Callable[[], float]
"""Counts the seconds that the worker and whoever asks it have waited for a processor."""


class Ask(Protocol):
    """A worker, as whoever has it asks it."""

    def __call__(self, request: Request, expected: type[ReplyType], /) -> ReplyType: ...


class RoundRefused(RuntimeError):
    """Rounds whose figures cannot be true. The message says what was seen, and what that means."""


class Reading(msgspec.Struct, frozen=True):
    """One round on both clocks."""

    step_seconds: float
    """Of one timed step, as the worker says."""
    waited_seconds: float
    """From asking for the timed steps to having the reply, on the clock of pytest's side."""
    held_up_seconds: float
    """Of that, how long either side waited for a processor, by the kernel's account."""
    plan: RoundPlan
    settling_seconds: float
    """Likewise for feeding the batch and the steps before, without what was waited for a processor."""

    @property
    def claimed_seconds(self) -> float:
        """Of all timed steps."""
        return self.step_seconds * self.plan.steps

    @property
    def agrees(self) -> bool:
        """Whether the worker's time accounts for what was waited."""
        unexplained = self.waited_seconds - self.claimed_seconds - self.held_up_seconds
        return unexplained <= LAG_SECONDS + LAG_SHARE * self.waited_seconds

    def unexplained_seconds(self, batch_bytes: int) -> float:
        """What settling took beyond what its steps, as fast as the timed ones, and its batch account for."""
        steps_seconds = (1 + SETTLING_SHARE) * self.plan.settling * self.step_seconds
        explained = steps_seconds + SETTLING_SECONDS + batch_bytes / BYTES_PER_SECOND
        return self.settling_seconds - explained


class RoleRounds:
    """Takes rounds, and remembers what is needed to do each over again."""

    def __init__(self, role: Role, ask: Ask, held_up: HeldUp, *, clock: Clock = seconds) -> None:
        self.role = role
        self.since_start: list[RoundPlan] = []
        """The rounds since training was at the canonical weights; of passes the last one alone."""
        self.readings: list[Reading] = []
        self.chance = SystemRandom()
        """Whatever a program must not know beforehand is drawn from it."""
        self._ask = ask
        self._held_up = held_up
        self._clock = clock

    def take(self, steps: int, *, batch: int | None = None) -> float:
        """The seconds a step of one round, the first that both clocks agree on. Without a batch one is drawn.

        Raises RoundRefused where the clocks never agree, or where no step was done in a round of training.
        """
        for _ in range(TRIES):
            reading = self._take(steps, batch=self.draw() if batch is None else batch)
            batch = None
            if reading.agrees:
                return reading.step_seconds
        raise RoundRefused(
            f"the worker says that {steps} steps took {1e3 * reading.claimed_seconds:.3g} ms, and pytest's side waited "
            f"{1e3 * reading.waited_seconds:.3g} ms for them, and likewise in {TRIES} rounds: its clock is wrong"
        )

    def ask(self, request: Request, expected: type[ReplyType]) -> tuple[ReplyType, float]:
        """The worker's reply, and the seconds until it was there, without those that were waited for a processor."""
        reply, waited_seconds, held_up = self._timed(request, expected)
        return reply, max(0.0, waited_seconds - held_up)

    def draw(self) -> int:
        """A number that nobody knows before."""
        return self.chance.getrandbits(62)

    def require_true(self, *, batch_bytes: int) -> None:
        """Raises RoundRefused where every round was preceded by more work than its steps of settling are."""
        unexplained = [reading.unexplained_seconds(batch_bytes) for reading in self.readings]
        if len(unexplained) >= FEWEST_READINGS and min(unexplained) > 0:
            reading = self.readings[unexplained.index(min(unexplained))]
            raise RoundRefused(
                f"{reading.plan.settling} steps over a fresh batch took {1e3 * reading.settling_seconds:.3g} "
                f"ms before the clock ran, and those under the clock {1e3 * reading.step_seconds:.3g} ms each, "
                f"likewise in all {len(unexplained)} rounds: the work is done before the clock"
            )

    def _timed(self, request: Request, expected: type[ReplyType]) -> tuple[ReplyType, float, float]:
        """The reply, the seconds until it was there, and those of them that either side waited for a processor."""
        # The clock outside: whoever is held up between the two must not be forgiven a wait that was not timed.
        began = self._clock()
        held_up = self._held_up()
        reply = self._ask(request, expected)
        held_up = self._held_up() - held_up
        return reply, self._clock() - began, held_up

    def _take(self, steps: int, *, batch: int) -> Reading:
        plan = RoundPlan(batch, settling=max(1, steps // 4), steps=steps)
        goes_back = self._goes_back(plan)
        if goes_back:
            self._ask(LoadWeights(self.role), Done)
        self._ask(DrawBatch(self.role, batch), Done)
        settled, settling_seconds = self.ask(Settle(self.role, plan.settling), Settled)
        measured, waited_seconds, held_up = self._timed(TimeRound(self.role, steps), TimedRound)
        self.since_start = [plan] if goes_back or self.role != "training" else [*self.since_start, plan]
        if settled.loss is not None and measured.loss == settled.loss:
            raise RoundRefused(
                f"the loss of a step is {settled.loss} before and after the round: no step was done in it"
            )
        reading = Reading(
            step_seconds=measured.seconds,
            waited_seconds=waited_seconds,
            held_up_seconds=held_up,
            plan=plan,
            settling_seconds=settling_seconds,
        )
        self.readings.append(reading)
        return reading

    def _goes_back(self, plan: RoundPlan) -> bool:
        if self.role != "training":
            return False
        steps = steps_of((*self.since_start, plan))
        is_far = steps > FARTHEST_STEP or (
            bool(self.readings) and steps * self.readings[-1].step_seconds > FARTHEST_SECONDS
        )
        return is_far or not self.since_start


def steps_of(plans: Sequence[RoundPlan]) -> int:
    """Of all rounds together, settling included."""
    return sum(plan.settling + plan.steps for plan in plans)
