"""Series made up from a known level and known noise, for tests of what is found in them.

The kinds of noise are those of nightly runs: independent, with heavy tails, with single runs that are slow, three runs
a day that share the day's conditions, and conditions that pass slowly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from speedscore.history.asking.change_points import LevelChange, find_level_changes

Values = NDArray[np.float64]
Noise = Callable[[np.random.Generator, int], Values]
"""Of the logarithm, for so many runs, with a standard deviation of 1."""

RUNS: Final = 60
SERIES: Final = 100
"""In the history whose false alarm they share."""


def independent(source: np.random.Generator, count: int) -> Values:
    return source.standard_normal(count)


def heavy_tails(source: np.random.Generator, count: int) -> Values:
    """Student's t with three degrees of freedom."""
    return np.asarray(source.standard_t(3, count) / math.sqrt(3))


def slow_runs(source: np.random.Generator, count: int) -> Values:
    """One run in twelve is slower by ten standard deviations, on the average."""
    return np.asarray(source.standard_normal(count) + (source.random(count) < 1 / 12) * source.exponential(10, count))


def days(source: np.random.Generator, count: int) -> Values:
    """Three runs a day: two thirds of the variance are the day's."""
    by_day = np.repeat(source.standard_normal(count // 3 + 1), 3)[:count]
    return np.asarray(math.sqrt(2 / 3) * by_day + math.sqrt(1 / 3) * source.standard_normal(count))


def _passing(correlation: float) -> Noise:
    def noise(source: np.random.Generator, count: int) -> Values:
        series = source.standard_normal(count)
        series[1:] *= math.sqrt(1 - correlation**2)
        for number in range(1, count):
            series[number] += correlation * series[number - 1]
        return np.asarray(series)

    return noise


NOISE: Mapping[str, Noise] = {
    "independent": independent,
    "heavy tails": heavy_tails,
    "slow runs": slow_runs,
    "days": days,
    "autocorrelation 0.3": _passing(0.3),
    "autocorrelation 0.5": _passing(0.5),
}


def find(figures: Values, *, false_alarm: float) -> tuple[LevelChange, ...]:
    """In one series of a history of ``SERIES``."""
    return find_level_changes(figures.tolist(), false_alarm=false_alarm / SERIES)


def false_series(noise: Noise, *, series: int, spread: float, false_alarm: float, seed: int) -> int:
    """In how many series without any change one is found."""
    source = np.random.default_rng(seed)
    return sum(bool(find(np.exp(spread * noise(source, RUNS)), false_alarm=false_alarm)) for _ in range(series))


class Found(msgspec.Struct, frozen=True):
    """What became of one change in each of many series, in shares of them."""

    at_all: float
    """Something was found."""
    near: float
    """At most one run off."""
    exactly: float
    held: float
    """Of those found near, whose interval holds the true ratio."""
    others: float
    """Change points beside the one that there is, a series."""


def find_steps(noise: Noise, *, step: float, spread: float, series: int, false_alarm: float, seed: int) -> Found:
    """One change by the factor 1 + ``step`` at a random run, at least eight from either end."""
    source = np.random.default_rng(seed)
    at_all = near = exactly = held = others = 0
    for _ in range(series):
        logs, place = spread * noise(source, RUNS), int(source.integers(8, RUNS - 8))
        logs[place:] += math.log1p(step)
        changes = find(np.exp(logs), false_alarm=false_alarm)
        if changes:
            closest = min(changes, key=lambda change: abs(change.index - place))
            at_all += 1
            others += len(changes) - 1
            exactly += closest.index == place
            if abs(closest.index - place) <= 1:
                near += 1
                held += closest.low <= 1 + step <= closest.high
    return Found(at_all / series, near / series, exactly / series, held / near if near else math.nan, others / series)
