"""How large a shift a limit by signed ranks finds: what is told is found as often as it says, by the fewest as well."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from speedscore.verdicts.detection import detectable, needed, standard_error
from speedscore.verdicts.signed_rank import fewest_for, lower_limit

NORMAL = NormalDist()
MISS = 0.05


def found(count: int, error: float, *, trials: int = 600) -> float:
    """How often a shift that one sample tells of is found in another."""
    rng = np.random.default_rng(count)
    factor = detectable(count, seen=count, error=error, miss=MISS)
    samples = [list(rng.normal(0.0, 0.014, count)) for _ in range(trials + 1)]
    shifts = [factor * standard_error(sample) for sample in samples]
    return (
        sum(lower_limit(sample, error=error) + shift > 0 for shift, sample in zip(shifts, samples[1:], strict=False))
        / trials
    )


@pytest.mark.parametrize(("count", "error"), [(10, 1e-3), (12, 3.3e-4), (14, 1e-3), (23, 2.1e-5), (44, 1e-3)])
def test_a_shift_that_is_told_is_found_as_often_as_it_says(count: int, error: float) -> None:
    assert found(count, error) == pytest.approx(1 - MISS, abs=0.025)


def test_nearly_every_one_of_the_fewest_must_lie_beyond_so_a_normal_approximation_tells_far_too_little() -> None:
    error = 3.3e-4
    fewest = fewest_for(error)
    every_one = math.sqrt(fewest) * NORMAL.inv_cdf((1 - MISS) ** (1 / fewest))
    told = detectable(fewest, seen=fewest, error=error, miss=MISS)
    assert 0.9 * every_one < told < 1.25 * every_one
    assert told > 1.6 * -(NORMAL.inv_cdf(error) + NORMAL.inv_cdf(MISS))


def test_of_many_numbers_it_is_that_approximation() -> None:
    told = [detectable(count, seen=count, error=1e-3, miss=MISS) for count in (15, 40, 120, 10_000)]
    assert told == sorted(told, reverse=True)
    assert told[-1] == pytest.approx(-NORMAL.inv_cdf(1e-3) - NORMAL.inv_cdf(MISS), rel=0.07)


def test_more_noise_needs_more_numbers_and_none_needs_fewer_than_have_a_limit() -> None:
    counts = [needed(noise, 0.04, error=1e-3, miss=MISS, fewest=10) for noise in (0.0, 0.01, 0.05, 0.1, 0.2)]
    assert counts[0] == counts[1] == 10
    assert counts[1:] == sorted(counts[1:])
    assert counts[-1] == pytest.approx(4 * counts[-2], rel=0.1)
    for noise, count in zip((0.05, 0.1), counts[2:4], strict=True):
        told = [
            detectable(number, seen=number, error=1e-3, miss=MISS) * noise / math.sqrt(number)
            for number in (count - 1, count)
        ]
        assert told[0] > 0.04 >= told[1]


def test_noise_that_fewer_numbers_have_told_asks_for_a_larger_shift() -> None:
    told = [detectable(19, seen=seen, error=1e-3, miss=MISS) for seen in (9, 13, 19, 120)]
    assert told == sorted(told, reverse=True)
    assert told[0] > 1.1 * told[2]
