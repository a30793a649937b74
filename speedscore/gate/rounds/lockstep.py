"""One pair of sides runs its cases in lockstep: both reach a benchmark, then their rounds alternate A B B A.

The side whose turn it is not is frozen, and both run on the same processors, so that what disturbs the machine disturbs
both alike. What the rounds of a pair come to is reckoned in ``pair_statistics``. It decides nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from statistics import median
from typing import TypeVar

import msgspec

from speedscore.gate.errors import BudgetSpentError
from speedscore.gate.rounds.pair_statistics import (
    ENOUGH_ROUNDS,
    FEWEST_COUPLES,
    Rounds,
    by_fastest,
    is_restless,
    log_ratios,
    mean_log_ratio,
    mean_seconds,
    typical_log_ratio,
    typical_seconds,
)
from speedscore.gate.sides.side import CaseRequest, Finished, Ready, Side, SideWaitsError, Timed
from speedscore.gate.sides.side_endings import why_it_ended
from speedscore.host.clock import Clock
from speedscore.host.piped import ProcessLostError

_LONG_COUPLE_SECONDS = 2.0
"""A couple that takes so long stands alone: who begins is drawn anew for each pair, so over the pairs a drift still
counts against neither side, and a long benchmark gets its pairs."""


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
    """Of head's typical round over base's; None where a side ran no round."""
    mean_log_ratio: float | None
    """Of head's mean round over base's; None where a side ran no round."""
    iterations: int
    busy_processors: float
    """Processors at work in a round, as the processes' own time says."""
    couples: int
    """Neighbouring rounds, one of each side."""
    by_fastest: bool
    """Whether the typical rounds are the fastest, and not neighbours."""
    preempted: float
    """Share of the rounds' time in which others had the processor; it is taken out."""
    seconds: float
    """From the first message to the last, all that the case cost, but for ``shared_seconds``."""
    typical_seconds: tuple[float, float] | None = None
    """Of a call on base and on head; None where a side ran no round."""
    mean_seconds: tuple[float, float] | None = None
    shared_seconds: float = 0.0
    """What fixtures cost that other cases use, too, and that this one was the first to ask for."""


class SideLostError(RuntimeError):
    """A side has died or hangs, and with it the pair."""

    def __init__(self, case: str, label: str, how: str, *, fixture: str = "") -> None:
        super().__init__(f"{label} {how}")
        self.case = case
        self.label = label
        self.fixture = fixture
        """In which it waited for what did not come (``FixtureSetUp.fixture``); empty where it did not."""


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
    seconds = clock() - started
    # Both sides make theirs at the same time.
    shared_seconds = min(seconds, max(side.shared_seconds for side in ended.values()))
    return PairResult(
        case=task.case,
        base=ended[base],
        head=ended[head],
        log_ratio=rounds.compared(base, head, typical_log_ratio),
        mean_log_ratio=rounds.compared(base, head, mean_log_ratio),
        iterations=iterations,
        busy_processors=rounds.busy_processors(),
        couples=rounds.couples,
        by_fastest=rounds.by_fastest,
        preempted=rounds.preempted(),
        seconds=seconds - shared_seconds,
        typical_seconds=rounds.of_both(base, head, lambda of: typical_seconds(of, fastest=rounds.by_fastest)),
        mean_seconds=rounds.of_both(base, head, mean_seconds),
        shared_seconds=shared_seconds,
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
            spent_seconds = self._clock() - started
            if self.couples >= FEWEST_COUPLES and self._is_enough(spent_seconds):
                break
            if self.couples and spent_seconds >= max(_LONG_COUPLE_SECONDS, self._task.seconds):
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
        return by_fastest(*self._timed.values())

    def compared(self, base: Side, head: Side, compare: Callable[[Rounds, Rounds], float | None]) -> float | None:
        """What ``compare`` says of base's rounds and head's; None where one failed, or the timer is too coarse."""
        before, after = self._timed[base], self._timed[head]
        # A timer that stands still in half of the rounds is too coarse to tell anything.
        if self._has_failed or 2 * len(log_ratios(before, after)) < self.couples:
            return None
        return compare(before, after)

    def of_both(self, base: Side, head: Side, reckon: Callable[[Rounds], float]) -> tuple[float, float] | None:
        """What ``reckon`` says of base's rounds and of head's; None where a side has none."""
        before, after = self._timed[base], self._timed[head]
        return (reckon(before), reckon(after)) if before and after else None

    def preempted(self) -> float:
        rounds = [timed for of_side in self._timed.values() for timed in of_side]
        seconds = sum(timed.seconds for timed in rounds)
        return sum(timed.preempted_seconds for timed in rounds) / seconds if seconds else 0.0

    def busy_processors(self) -> float:
        """Of the rounds that were long enough for a clock to see."""
        rounds = [timed for of_side in self._timed.values() for timed in of_side if timed.seconds > 0]
        return median(timed.cpu_seconds / timed.seconds for timed in rounds) if rounds else 0.0

    def _is_enough(self, spent_seconds: float) -> bool:
        """Depends on the rounds of both sides together: exchanging base and head must not change when to stop."""
        task = self._task
        if spent_seconds < task.seconds:
            return False
        if spent_seconds >= task.most_seconds or self.couples >= ENOUGH_ROUNDS:
            return True
        return not is_restless(*self._timed.values())


Answer = TypeVar("Answer")


def _ask(task: PairTask, side: Side, what: Callable[[Side], Answer]) -> Answer:
    """Raises SideLostError with the case and the side where the process is lost, and BudgetSpentError likewise."""
    try:
        return what(side)
    except BudgetSpentError as error:
        raise BudgetSpentError(f"{error} of {side.spec.label} in {task.case}" if str(error) else "") from None
    except ProcessLostError as error:
        fixture = error.fixture if isinstance(error, SideWaitsError) else ""
        why = why_it_ended(str(error), root=side.spec.root)
        raise SideLostError(task.case, side.spec.label, why, fixture=fixture) from None
