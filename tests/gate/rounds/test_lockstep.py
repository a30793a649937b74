"""What a pair of sides says of a case, with sides whose rounds are written down beforehand."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle, islice, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.gate.rounds.lockstep import PairResult, PairTask, run_tasks
from speedscore.gate.rounds.pair_statistics import (
    ENOUGH_ROUNDS,
    FEWEST_COUPLES,
    by_fastest,
    mean_log_ratio,
    typical_log_ratio,
)
from speedscore.gate.sides.side import Timed
from tests.clocks import FakeClock
from tests.gate.made_up_sides import MadeUpSide, MadeUpTest, a_spec

PATIENT = 60.0
"""Seconds that are never reached here."""


def a_side(
    label: str, seconds: Iterable[float], turns: list[str], *, preempted: Iterable[float], involuntary: bool | None
) -> MadeUpSide:
    rounds, taken = iter(seconds), iter(preempted)
    test = MadeUpTest(
        seconds=lambda pair, number: next(rounds),  # noqa: ARG005 - as a made-up test is asked
        preempted_seconds=lambda pair, number: next(taken),  # noqa: ARG005
        involuntary_switches=None if involuntary is None else int(involuntary),
    )
    side = MadeUpSide(a_spec(label), {"a case": test}, FakeClock())
    side.turns = turns
    return side


def paired(
    base: Iterable[float],
    head: Iterable[float],
    *,
    most_seconds: float = 0.0,
    turns: list[str] | None = None,
    preempted: tuple[Iterable[float], Iterable[float]] = (repeat(0.0), repeat(0.0)),
    involuntary: tuple[bool | None, bool | None] = (False, False),
) -> PairResult:
    """A pair which stops as soon as it may, and goes on while rounds are restless where ``most_seconds`` allows it.

    ``preempted`` are the seconds that others took from the rounds of base and of head, ``involuntary`` whether their
    threads lost a processor in each, None where nobody knows.
    """
    turns = [] if turns is None else turns
    task = PairTask(case="a case", processors=None, iterations=1, seconds=0.0, most_seconds=most_seconds)
    (result,) = run_tasks(
        a_side("base", base, turns, preempted=preempted[0], involuntary=involuntary[0]),
        a_side("head", head, turns, preempted=preempted[1], involuntary=involuntary[1]),
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
    assert result.log_ratio == result.mean_log_ratio == pytest.approx(math.log(1.05))
    assert (result.couples, result.by_fastest) == (FEWEST_COUPLES, False)


@pytest.mark.parametrize(
    ("pattern", "typical", "mean"),
    [
        ([1.5, 1.0, 1.5, 1.0, 1.5], 1.5, 1.3),
        ([1.5, 1.0, 1.5, 1.5], 1.5, 1.375),
        ([1.0, 1.0, 1.0, 1.0, 1.0, 2.0], 1.0, 7 / 6),
    ],
    ids=["most calls", "three of four", "one of six"],
)
def test_a_slowdown_of_some_rounds_of_one_side_is_never_taken_for_a_restless_machine(
    pattern: list[float], typical: float, mean: float
) -> None:
    base, head = (
        [Timed(seconds, cpu_seconds=seconds, involuntary_switches=1) for seconds in islice(cycle(each), ENOUGH_ROUNDS)]
        for each in ([1.0], pattern)
    )
    assert not by_fastest(base, head)
    assert typical_log_ratio(base, head) == pytest.approx(math.log(typical))
    assert mean_log_ratio(base, head) == pytest.approx(math.log(mean))


def test_what_others_took_from_a_round_is_taken_out_of_it() -> None:
    base, head = [0.0, 1.0, 0.0, 3.0], [2.0, 0.0, 2.0, 0.0]
    result = paired(
        (1.0 + taken for taken in cycle(base)),
        (1.05 + taken for taken in cycle(head)),
        preempted=(cycle(base), cycle(head)),
        most_seconds=PATIENT,
    )
    assert result.log_ratio == pytest.approx(math.log(1.05))
    assert result.mean_log_ratio == pytest.approx(math.log(1.05))
    assert (result.couples, result.by_fastest) == (FEWEST_COUPLES, False)
    assert result.preempted == pytest.approx(3.0 / (3.0 + 2 * 1.0 + 2 * 1.05))


@pytest.mark.parametrize("lost", [True, None], ids=["seen", "in child processes"])
def test_rounds_that_both_sides_lose_to_others_and_that_cannot_be_mended_are_compared_by_the_fastest(
    lost: bool | None,
) -> None:
    # Head is disturbed more often: the median of the ratios would be 1.05 x 2.
    base, head = disturbed(1.0, [1, 1, 2]), disturbed(1.05, [2, 2, 1])
    result = paired(base, head, most_seconds=PATIENT, involuntary=(lost, lost))
    assert result.log_ratio == pytest.approx(math.log(1.05))
    assert (result.couples, result.by_fastest) == (ENOUGH_ROUNDS, True)


@pytest.mark.parametrize("involuntary", [(False, False), (True, False), (False, True)], ids=str)
def test_unrest_is_not_the_machines_where_not_both_sides_lost_their_processors(involuntary: tuple[bool, bool]) -> None:
    base, head = disturbed(1.0, [1, 1, 2]), disturbed(1.05, [2, 2, 1])
    result = paired(base, head, most_seconds=PATIENT, involuntary=involuntary)
    assert (result.couples, result.by_fastest) == (FEWEST_COUPLES, False)
    assert result.log_ratio == pytest.approx(math.log(2.1))


def test_where_what_others_took_is_known_unrest_needs_no_more_rounds() -> None:
    taken = repeat(0.1), repeat(0.1)
    result = paired(cycle([1.1]), cycle([2.1, 1.1]), most_seconds=PATIENT, involuntary=(True, True), preempted=taken)
    assert (result.couples, result.by_fastest) == (FEWEST_COUPLES, False)


def test_sides_that_are_disturbed_for_all_of_their_first_rounds_are_restless_together() -> None:
    first, second = [1.0] * 20 + [2.0] * 40, [2.0] * 20 + [1.0] * 40
    result = paired(first, second, most_seconds=PATIENT, involuntary=(True, True))
    assert (result.log_ratio, result.by_fastest) == (0.0, True)


def test_a_benchmark_that_does_otherwise_from_round_to_round_needs_no_more_rounds_for_that() -> None:
    result = paired(disturbed(1.0, [1, 4, 2]), disturbed(1.05, [1, 4, 2]), most_seconds=PATIENT)
    assert result.log_ratio == pytest.approx(math.log(1.05))
    assert (result.couples, result.by_fastest) == (FEWEST_COUPLES, False)


def test_disturbed_rounds_that_are_too_few_are_compared_as_any_others() -> None:
    result = paired(disturbed(1.0, [1, 2]), disturbed(1.05, [1, 2]), involuntary=(True, True))
    assert result.log_ratio == pytest.approx(math.log(1.05))
    assert (result.couples, result.by_fastest) == (FEWEST_COUPLES, False)


@given(st.data())
def test_exchanging_base_and_head_turns_both_numbers_round_and_changes_nothing_else(data: st.DataObject) -> None:
    rounds = st.lists(st.floats(0.5, 4.0), min_size=ENOUGH_ROUNDS, max_size=ENOUGH_ROUNDS)
    one, other = data.draw(rounds), data.draw(rounds)
    lost = data.draw(st.tuples(st.booleans(), st.booleans()))
    there = paired(one, other, most_seconds=PATIENT, involuntary=lost)
    back = paired(other, one, most_seconds=PATIENT, involuntary=lost[::-1])
    assert there.log_ratio == pytest.approx(-(back.log_ratio or 0.0))
    assert there.mean_log_ratio == pytest.approx(-(back.mean_log_ratio or 0.0))
    assert (there.couples, there.by_fastest) == (back.couples, back.by_fastest)


def test_a_timer_that_stands_still_tells_nothing() -> None:
    result = paired(cycle([0.0]), cycle([0.0]))
    assert result.log_ratio is result.mean_log_ratio is None
