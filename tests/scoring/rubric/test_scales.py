"""Scales keep order, stay within 0 to 10, and pass through their breakpoints."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from speedscore.scoring.rubric.criterion import Criterion
from speedscore.scoring.rubric.scales import SCALES, level, linear, log
from tests.scoring.sample_facts import RUBRIC

values = st.floats(min_value=-1e9, max_value=1e9, allow_nan=False)


@st.composite
def breakpoints(draw: st.DrawFn) -> list[tuple[float, float]]:
    places = draw(st.lists(st.floats(0.01, 1e6), min_size=2, max_size=8, unique=True))
    scores = draw(st.lists(st.floats(0, 10), min_size=len(places), max_size=len(places)))
    return list(zip(sorted(places), sorted(scores, reverse=draw(st.booleans())), strict=True))


@pytest.mark.parametrize("scale", SCALES)
@given(points=breakpoints(), one=values, other=values)
def test_a_scale_keeps_order_and_stays_within_its_breakpoints(
    scale: str, points: list[tuple[float, float]], one: float, other: float
) -> None:
    low, high = sorted((one, other))
    at_low, at_high = SCALES[scale](low, points), SCALES[scale](high, points)
    scores = [score for _, score in points]
    slack = 1e-9
    assert min(scores) - slack <= at_low <= max(scores) + slack
    if scores[0] <= scores[-1]:
        assert at_low <= at_high + slack
    if scores[0] >= scores[-1]:
        assert at_low >= at_high - slack


@pytest.mark.parametrize("scale", SCALES)
@given(points=breakpoints())
@example(points=[(999999.9999999999, 0.0), (1000000.0, 1.0)])
def test_a_scale_passes_through_its_breakpoints(scale: str, points: list[tuple[float, float]]) -> None:
    for value, score in points:
        assert SCALES[scale](value, points) == pytest.approx(score, abs=1e-6)


def test_a_log_scale_may_begin_at_nothing() -> None:
    points = [(0.0, 0.0), (1.0, 2.0), (10.0, 5.0)]
    assert [log(value, points) for value in (0, 0.5, 1)] == [0, 1, 2]


def test_between_two_breakpoints() -> None:
    assert linear(15, [(10, 2), (20, 4)]) == 3
    assert log(10, [(1, 0), (100, 10)]) == pytest.approx(5)
    assert level(7.4, [(0, 0), (5, 5), (7.5, 7.5)]) == 5


@pytest.mark.parametrize("criterion", RUBRIC.criterion, ids=lambda criterion: criterion.id)
def test_the_examples_of_a_criterion_are_true(criterion: Criterion) -> None:
    for rule in criterion.answers:
        value, score = rule.example
        assert rule.score(value) == pytest.approx(score)


@given(value=values)
def test_every_criterion_stays_within_nought_and_ten(value: float) -> None:
    for criterion in RUBRIC.criterion:
        for rule in criterion.answers:
            assert 0 <= rule.score(value) <= 10


@pytest.mark.parametrize("criterion", RUBRIC.criterion, ids=lambda criterion: criterion.id)
def test_nothing_earns_nothing_where_more_is_better(criterion: Criterion) -> None:
    """A change or a growth of none is standing still, which is something."""
    for rule in criterion.answers:
        keys = [RUBRIC.facts[key] for key in rule.facts]
        if rule.points[0][1] < rule.points[-1][1] and all(key.least == 0 for key in keys):
            assert rule.score(0.0) == 0.0
