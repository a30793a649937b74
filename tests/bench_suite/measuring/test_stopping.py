"""The interval of the median covers what it says it covers, and rounds never end before there are enough of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from statistics import median

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import quantile_test

from speedscore.bench_suite.measuring.stopping import (
    MINIMUM_ROUNDS,
    all_narrow,
    interval_fraction,
    is_narrow,
    median_interval,
    widest_fraction,
)
from speedscore.bench_suite.workloads.presets import INTERVAL_WIDTH
from speedscore.record.run_record import Round

Draw = Callable[[np.random.Generator, tuple[int, int]], NDArray[np.float64]]

SIMULATIONS = 2000
SIMULATED_ROUNDS = 37
"""Here the exact coverage, 95.3 %, lies near the nominal one, and that of a 90 % interval, 90.1 %, near its own."""

# The importing of scipy falls into the first example, so no example has a deadline.
unhurried = settings(deadline=None, max_examples=60)

rounds = st.lists(st.floats(min_value=1e-6, max_value=1e3), min_size=6, max_size=60)


@unhurried
@given(rounds)
def test_the_interval_contains_the_median_and_ends_on_samples(samples: list[float]) -> None:
    interval = median_interval(samples)
    assert interval is not None
    low, high = interval
    assert low <= median(samples) <= high
    assert {low, high} <= set(samples)


@unhurried
@given(rounds)
def test_the_interval_is_the_one_that_scipy_computes(samples: list[float]) -> None:
    interval = quantile_test(samples, q=0, p=0.5).confidence_interval(confidence_level=0.95)
    assert median_interval(samples) == (interval.low, interval.high)


@unhurried
@given(rounds, st.randoms(use_true_random=False))
def test_the_order_of_the_rounds_changes_nothing(samples: list[float], order: Random) -> None:
    shuffled = list(samples)
    order.shuffle(shuffled)
    assert median_interval(shuffled) == median_interval(samples)


@pytest.mark.parametrize("count", range(6))
def test_fewer_than_six_rounds_have_no_interval(count: int) -> None:
    samples = [1.0] * count
    assert median_interval(samples) is None
    assert interval_fraction(samples) is None
    assert not is_narrow(samples)


def test_the_ranks_cover_the_median_at_every_count_of_rounds() -> None:
    for count in range(6, 201):
        interval = median_interval([float(rank) for rank in range(1, count + 1)])
        assert interval is not None
        low_rank, high_rank = interval
        # The median lies between two ranks when at least the lower and fewer than the higher number of rounds fall
        # below it; each does so with probability one half, however they are spread.
        coverage = sum(math.comb(count, below) for below in range(int(low_rank), int(high_rank))) / 2**count
        assert coverage >= 0.95, count


def _normal(random: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    return random.normal(loc=0.0, scale=1.0, size=shape)


def _lognormal(random: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    return random.lognormal(mean=0.0, sigma=1.5, size=shape)


def _heavy_tailed(random: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    return random.standard_cauchy(size=shape)


@pytest.mark.parametrize(
    ("draw", "true_median"),
    [
        pytest.param(_normal, 0.0, id="normal"),
        pytest.param(_lognormal, 1.0, id="lognormal"),
        pytest.param(_heavy_tailed, 0.0, id="heavy-tailed"),
    ],
)
def test_simulated_intervals_cover_the_true_median(draw: Draw, true_median: float) -> None:
    simulations = draw(np.random.default_rng(20_260_101), (SIMULATIONS, SIMULATED_ROUNDS)).tolist()
    intervals = [median_interval(samples) for samples in simulations]
    covered = sum(interval is not None and interval[0] <= true_median <= interval[1] for interval in intervals)
    assert covered / SIMULATIONS >= 0.94


@unhurried
@given(rounds, st.integers(min_value=-20, max_value=20))
def test_another_unit_of_time_changes_nothing(samples: list[float], exponent: int) -> None:
    # By a power of two, so that scaling itself rounds nothing.
    scaled = [sample * 2.0**exponent for sample in samples]
    assert interval_fraction(scaled) == interval_fraction(samples)
    assert is_narrow(scaled) == is_narrow(samples)


@unhurried
@given(rounds)
def test_the_fraction_is_of_the_wider_side(samples: list[float]) -> None:
    interval, fraction = median_interval(samples), interval_fraction(samples)
    assert interval is not None
    assert fraction is not None
    low, high = interval
    middle = median(samples)
    assert fraction * middle == pytest.approx(max(high - middle, middle - low))
    assert fraction >= 0.0


@pytest.mark.parametrize("count", range(MINIMUM_ROUNDS))
def test_rounds_never_end_before_the_minimum(count: int) -> None:
    assert not is_narrow([1.0] * count)


@unhurried
@given(rounds)
def test_rounds_end_exactly_when_the_interval_is_narrow(samples: list[float]) -> None:
    assume(len(samples) >= MINIMUM_ROUNDS)
    fraction = interval_fraction(samples)
    assert fraction is not None
    assert is_narrow(samples) == (fraction <= INTERVAL_WIDTH)


def test_even_rounds_end_at_the_minimum() -> None:
    assert is_narrow([1.0] * MINIMUM_ROUNDS)


def test_wildly_spread_rounds_do_not_end() -> None:
    assert not is_narrow([1.0, 2.0] * MINIMUM_ROUNDS)


def test_processes_that_agree_with_themselves_and_not_with_each_other_are_narrow() -> None:
    rounds = [Round(process + 0.001 * turn, turn=turn, process=process) for process in (1, 2) for turn in range(20)]
    assert all_narrow(rounds)
    assert not is_narrow([round_.seconds for round_ in rounds]), "thrown together they would be called noisy"
    fraction = widest_fraction(rounds)
    assert fraction is not None
    assert fraction < 0.02


def test_the_least_sure_process_speaks_for_a_case() -> None:
    sure = [Round(1.0 + 0.001 * turn, turn=turn, process=0) for turn in range(20)]
    unsure = [Round(1.0 + turn, turn=turn, process=1) for turn in range(20)]
    assert widest_fraction([*sure, *unsure]) == widest_fraction(unsure)
    assert not all_narrow([*sure, *unsure])
    assert widest_fraction([*sure, *unsure[:3]]) is None, "of too few rounds there is no interval"
