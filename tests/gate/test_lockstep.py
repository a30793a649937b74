"""The one number that a pair of sides gives a case, with sides whose rounds are written down beforehand."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.gate.lockstep import FASTEST_OF, FEWEST_COUPLES, PairResult, PairTask, run_tasks
from tests.gate.made_up_sides import MadeUpClock, MadeUpSide, MadeUpTest, a_spec

PATIENT = 60.0
"""Seconds that are never reached here."""


def a_side(label: str, seconds: Iterable[float], turns: list[str]) -> MadeUpSide:
    rounds = iter(seconds)
    test = MadeUpTest(seconds=lambda pair, number: next(rounds))  # noqa: ARG005 - as a made-up test is asked
    side = MadeUpSide(a_spec(label), {"a case": test}, MadeUpClock())
    side.turns = turns
    return side


def paired(
    base: Iterable[float], head: Iterable[float], *, most_seconds: float = 0.0, turns: list[str] | None = None
) -> PairResult:
    """A pair which stops as soon as it may, and goes on while rounds are restless where ``most_seconds`` allows it."""
    turns = [] if turns is None else turns
    task = PairTask(case="a case", processors=None, iterations=1, seconds=0.0, most_seconds=most_seconds)
    (result,) = run_tasks(
        a_side("base", base, turns),
        a_side("head", head, turns),
        [task],
        extra_work=0.0,
        order=random.Random(1),
        clock=lambda: 0.0,
    )
    return result


def disturbed(seconds: float, pattern: Sequence[int]) -> Iterator[float]:
    """Rounds that last once or twice as long."""
    return (seconds * factor for factor in cycle(pattern))


def test_neighbouring_rounds_are_compared_in_the_order_a_b_b_a() -> None:
    turns: list[str] = []
    result = paired([1.0, 2.0, 3.0], [1.1, 2.2, 3.3], turns=turns)
    assert result.log_ratio == pytest.approx(math.log(1.1))
    assert result.couples == FEWEST_COUPLES
    first, second = turns[:2]
    assert turns == [first, second, second, first]


def test_steady_rounds_are_compared_with_their_neighbours_and_soon_enough() -> None:
    result = paired(cycle([1.0, 1.01]), cycle([1.05, 1.0605]), most_seconds=PATIENT)
    assert result.log_ratio == pytest.approx(math.log(1.05))
    assert (result.couples, result.restless) == (FEWEST_COUPLES, False)


def test_restless_rounds_are_compared_by_the_fastest_of_many() -> None:
    # Head is disturbed more often: the median of the ratios would be 1.05 x 2.
    result = paired(disturbed(1.0, [1, 1, 2]), disturbed(1.05, [2, 2, 1]), most_seconds=PATIENT)
    assert result.log_ratio == pytest.approx(math.log(1.05))
    assert (result.couples, result.restless) == (FASTEST_OF, True)


def test_sides_that_are_disturbed_for_all_of_their_first_rounds_are_restless_together() -> None:
    first, second = [1.0] * 20 + [2.0] * 40, [2.0] * 20 + [1.0] * 40
    result = paired(first, second, most_seconds=PATIENT)
    assert (result.log_ratio, result.restless) == (0.0, True)


def test_a_benchmark_that_does_otherwise_from_round_to_round_is_not_restless_for_that() -> None:
    result = paired(disturbed(1.0, [1, 4, 2]), disturbed(1.05, [1, 4, 2]), most_seconds=PATIENT)
    assert result.log_ratio == pytest.approx(math.log(1.05))
    assert (result.couples, result.restless) == (FEWEST_COUPLES, False)


def test_restless_rounds_that_are_too_few_are_compared_as_any_others() -> None:
    result = paired(disturbed(1.0, [1, 2]), disturbed(1.05, [1, 2]))
    assert result.log_ratio == pytest.approx(math.log(1.05))
    assert (result.couples, result.restless) == (FEWEST_COUPLES, False)


@given(st.data())
def test_exchanging_base_and_head_turns_the_number_round_and_changes_nothing_else(data: st.DataObject) -> None:
    rounds = st.lists(st.floats(0.5, 4.0), min_size=FASTEST_OF, max_size=FASTEST_OF)
    one, other = data.draw(rounds), data.draw(rounds)
    there, back = (paired(*pair, most_seconds=PATIENT) for pair in ((one, other), (other, one)))
    assert there.log_ratio == pytest.approx(-(back.log_ratio or 0.0))
    assert (there.couples, there.restless) == (back.couples, back.restless)


def test_a_timer_that_stands_still_tells_nothing() -> None:
    assert paired(cycle([0.0]), cycle([0.0])).log_ratio is None
