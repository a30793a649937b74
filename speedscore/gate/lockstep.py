"""One pair of sides runs its cases in lockstep: both reach a benchmark, then their rounds alternate A B B A.

The side whose turn it is not is frozen, and both run on the same processors, so that what disturbs the machine disturbs
both alike. A pair gives one number a case, because rounds of one process are not independent: the median of the log
ratios of neighbouring rounds, or, where other processes cut rounds into slices, the log ratio of the fastest. It
decides nothing.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from statistics import median, quantiles
from typing import TypeVar

import msgspec

from speedscore.gate.sides import CaseRequest, Finished, Ready, Side, Timed
from speedscore.host.clock import Clock
from speedscore.host.piped import ProcessLostError

FEWEST_COUPLES = 2
"""A B B A: with one couple alone, whatever drifts would count against one side."""

RESTLESS_FROM = 0.1
"""Distance of the quartiles of the log ratios of neighbouring rounds, or of their median from 0. Others at work cut
rounds into slices: on one processor a round of 4 ms lasts 4, 8 or 12 ms with 5 % more work as without, and with two
threads on two processors it lasts once or twice as long, by chance and for many rounds on end. What a benchmark itself
does otherwise from round to round, it does on both sides, and is no unrest."""

FASTEST_OF = 60
"""So many rounds a side before the fastest stands for all. Measured with two other gates on the same two processors: of
5 % more work neighbouring rounds showed 3.0 %, the fastest 5.1 %. With two threads and one neighbour the fastest of 60
spread by 1 % from pair to pair, of 30 by 3 %, and the median of 60 log ratios by 19 %."""


class PairTask(msgspec.Struct, frozen=True):
    """A case as a pair is to run it."""

    case: str
    processors: tuple[int, ...] | None
    iterations: int | None
    seconds: float
    """For the rounds of both sides together."""
    most_seconds: float
    """Where rounds are restless."""


class PairResult(msgspec.Struct, frozen=True):
    """What a pair says of one case."""

    case: str
    base: Finished
    head: Finished
    log_ratio: float | None
    """Of head over base; None where a side ran no round."""
    iterations: int
    busy_processors: float
    """Processors at work in a round, as the processes' own time says."""
    couples: int
    """Neighbouring rounds, one of each side."""
    restless: bool
    """Whether the fastest rounds were compared, and not neighbours."""
    seconds: float
    """From the first message to the last, all that the case cost."""


class SideLostError(RuntimeError):
    """A side has died or hangs, and with it the pair."""

    def __init__(self, case: str, label: str, how: str) -> None:
        super().__init__(f"{label} {how}")
        self.case = case
        self.label = label


def run_tasks(
    base: Side, head: Side, tasks: Sequence[PairTask], *, extra_work: float, order: random.Random, clock: Clock
) -> Iterator[PairResult]:
    """Run the tasks on both sides. ``extra_work`` is head's alone. Raises SideLostError when a side is lost."""
    for task, following in zip_longest(tasks, (task.case for task in tasks[1:])):
        yield _run_task(base, head, task, following, extra_work=extra_work, order=order, clock=clock)


def _run_task(
    base: Side,
    head: Side,
    task: PairTask,
    following: str | None,
    *,
    extra_work: float,
    order: random.Random,
    clock: Clock,
) -> PairResult:
    started = clock()
    request = CaseRequest(case=task.case, next=following, processors=task.processors, iterations=task.iterations)
    sides = [base, head]
    order.shuffle(sides)
    for side in sides:
        _ask(task, side, lambda side: side.begin(request, extra_work=extra_work if side is head else 0.0))
    rounds = _Alternation(task, sides, clock=clock)
    iterations, ended = rounds.run()
    return PairResult(
        case=task.case,
        base=ended[base],
        head=ended[head],
        log_ratio=rounds.log_ratio(base, head),
        iterations=iterations,
        busy_processors=rounds.busy_processors(),
        couples=rounds.couples,
        restless=rounds.by_fastest,
        seconds=clock() - started,
    )


class _Alternation:
    """The rounds of one case, and whose turn it is."""

    def __init__(self, task: PairTask, sides: Sequence[Side], *, clock: Clock) -> None:
        self._task = task
        self._sides = sides
        self._clock = clock
        self._timed: dict[Side, list[Timed]] = {side: [] for side in sides}
        self._has_failed = False

    def run(self) -> tuple[int, dict[Side, Finished]]:
        """The iterations that a round had, and how the test ended on each side."""
        states = {side: _ask(self._task, side, lambda side: side.ready()) for side in self._sides}
        ready = [state for state in states.values() if isinstance(state, Ready)]
        iterations = max((state.iterations for state in ready), default=0)
        ended = {side: state for side, state in states.items() if isinstance(state, Finished)}
        if not ended:
            ended = self._alternate(iterations, most_couples=min(state.most_rounds for state in ready))
        for side in self._sides:
            if side not in ended:
                _ask(self._task, side, lambda side: side.enough())
                ended[side] = _ask(self._task, side, lambda side: side.finished())
        return iterations, ended

    def _alternate(self, iterations: int, *, most_couples: int) -> dict[Side, Finished]:
        """Rounds until there are enough; the side whose test failed in one, if any."""
        for side in self._sides:
            side.freeze()
        for side in self._sides:
            # Its thread may run on to the next message; nothing is timed before it is frozen again.
            _ask(self._task, side, lambda side: side.agree(iterations))
            side.freeze()
        started = self._clock()
        turn = list(self._sides)
        while self.couples < most_couples:
            if self.couples >= FEWEST_COUPLES and self._is_enough(self._clock() - started):
                break
            for side in turn:
                answer = _ask(self._task, side, lambda side: side.round())
                if isinstance(answer, Finished):
                    self._has_failed = True
                    return {side: answer}
                self._timed[side].append(answer)
            turn.reverse()
        return {}

    @property
    def couples(self) -> int:
        return min(len(timed) for timed in self._timed.values())

    @property
    def by_fastest(self) -> bool:
        """This, and when to stop, depends on the rounds of both sides together: exchanging base and head changes
        neither, which is what the interval over the pairs rests on."""
        return self.couples >= FASTEST_OF and self._is_restless()

    def log_ratio(self, base: Side, head: Side) -> float | None:
        """Of head over base; None where a round failed, or the timer is too coarse."""
        logs = self._logs(base, head)
        # A timer that stands still in half of the rounds is too coarse to tell anything.
        if self._has_failed or not logs or 2 * len(logs) < self.couples:
            return None
        if self.by_fastest:
            before, after = (
                min(timed.seconds for timed in self._timed[side] if timed.seconds > 0) for side in (base, head)
            )
            return math.log(after / before)
        return median(logs)

    def busy_processors(self) -> float:
        """Of the rounds that were long enough for a clock to see."""
        rounds = [timed for of_side in self._timed.values() for timed in of_side if timed.seconds > 0]
        return median(timed.cpu_seconds / timed.seconds for timed in rounds) if rounds else 0.0

    def _is_enough(self, spent_seconds: float) -> bool:
        task = self._task
        if spent_seconds < task.seconds:
            return False
        return spent_seconds >= task.most_seconds or self.couples >= FASTEST_OF or not self._is_restless()

    def _is_restless(self) -> bool:
        logs = self._logs(*self._sides)
        if len(logs) < FEWEST_COUPLES:
            return False
        first, middle, third = quantiles(logs, n=4, method="inclusive")
        return third - first > RESTLESS_FROM or abs(middle) > RESTLESS_FROM

    def _logs(self, before: Side, after: Side) -> list[float]:
        """Log ratios of neighbouring rounds, as far as a timer saw both."""
        return [
            math.log(later_round.seconds / earlier_round.seconds)
            for earlier_round, later_round in zip(self._timed[before], self._timed[after], strict=False)
            if earlier_round.seconds > 0 and later_round.seconds > 0
        ]


Answer = TypeVar("Answer")


def _ask(task: PairTask, side: Side, what: Callable[[Side], Answer]) -> Answer:
    """Raises SideLostError with the case and the side where the process is lost."""
    try:
        return what(side)
    except ProcessLostError as error:
        raise SideLostError(task.case, side.spec.label, str(error)) from None
