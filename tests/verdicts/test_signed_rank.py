"""Limits by signed ranks, against scipy's exact test and the definitions."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wilcoxon

from speedscore.verdicts.signed_rank import centre, fewest_for, lower_limit, upper_limit

samples = st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=25)
errors = st.floats(0.0005, 0.4)


@given(values=samples, error=errors)
def test_the_limits_lie_on_both_sides_of_the_centre_and_mirror_each_other(values: list[float], error: float) -> None:
    low, high = lower_limit(values, error=error), upper_limit(values, error=error)
    assert low <= centre(values) + 1e-12
    assert centre(values) <= high + 1e-12
    assert high == -lower_limit([-value for value in values], error=error)


@given(values=samples, error=errors, shift=st.floats(-5.0, 5.0))
def test_everything_moves_with_the_values(values: list[float], error: float, shift: float) -> None:
    moved = [value + shift for value in values]
    assert centre(moved) == pytest.approx(centre(values) + shift, abs=1e-9)
    assert lower_limit(moved, error=error) == pytest.approx(lower_limit(values, error=error) + shift, abs=1e-9)


@given(values=samples)
def test_a_smaller_error_asks_for_a_wider_limit(values: list[float]) -> None:
    limits = [lower_limit(values, error=error) for error in (0.3, 0.1, 0.01, 0.001)]
    assert all(wider <= narrower for narrower, wider in pairwise(limits))


@given(values=st.lists(st.integers(-1000, 1000), min_size=5, max_size=20, unique_by=abs), error=errors)
def test_the_limit_is_where_scipys_exact_test_begins_to_reject(values: list[int], error: float) -> None:
    limit = lower_limit([float(value) for value in values], error=error)
    if math.isinf(limit):
        assert 0.5 ** len(values) > error
        return
    # Walsh averages of integers are halves: between two of them nothing is tied.
    below, above = limit - 0.25, limit + 0.25
    assert wilcoxon([value - below for value in values], alternative="greater", method="exact").pvalue <= error
    assert wilcoxon([value - above for value in values], alternative="greater", method="exact").pvalue > error


@pytest.mark.parametrize(("error", "count"), [(0.5, 1), (0.26, 2), (0.25, 2), (0.01, 7), (0.001, 10), (1 / 1024, 10)])
def test_so_many_values_are_needed_for_a_limit_at_all(error: float, count: int) -> None:
    assert fewest_for(error) == count
    assert math.isfinite(lower_limit([1.0] * count, error=error))
    if count > 1:
        assert math.isinf(lower_limit([1.0] * (count - 1), error=error))


@pytest.mark.parametrize("error", [0.0, 1.0, -0.1])
def test_an_error_that_is_no_probability_is_refused(error: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        fewest_for(error)


def test_one_value_gone_astray_moves_the_centre_little() -> None:
    values = [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07]
    assert abs(centre([*values, 100.0]) - centre(values)) < 0.02
