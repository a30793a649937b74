"""Where a series of figures changed its level: candidates by ruptures, each tested against the series' own noise.

    candidates   PELT, the penalised segmentation of least squares (Killick, Fearnhead and Eckley 2012), lenient
    test         could noise alone split the two neighbouring segments as well?  lambda = -n log(1 - R^2), R^2 the share
                 of the squares that the best single split explains, against the same of 2,000 series made of the
                 residuals: shuffled, and made to depend on each other as those do (an AR(1) sieve bootstrap, with the
                 upper limit of the autocorrelation); beyond the largest of them by their exponential tail
    rank test    the figures as they are, none tamed, must differ too (Mann and Whitney, 0.001)
    level        the false alarm of a whole history, shared equally over its series; while a candidate fails, the worst
                 is taken out and its neighbours are tested again

Single runs that are out are tamed first: drawn to within 2.5 standard deviations of the median of five neighbours, so
that they are no change and hide none. Everything is of logarithms: a change is a ratio. Segmentation as a whole, and
not one split after the other, finds what goes up and comes back. What runs in a row have in common (a warm room, a busy
host, several runs a day) is noise like any other and widens every answer. It reads no file and knows no commit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Values = NDArray[np.float64]

FEWEST_RUNS: Final = 16
"""Of a series about which anything is said: with fewer no split passes the rank test."""
SHORTEST_SEGMENT: Final = 5
"""Runs. A new level is told from a passing disturbance once so many have seen it."""
FALSE_ALARM: Final = 0.01
"""Probability that a history in which nothing changed has any change point; a gate's is the same."""

_RESAMPLES = 2000
_FIRST_RESAMPLES = 200
_HOPELESS = 0.1
"""Where the first resamples split as well in so many cases, the others are not made."""
_CLEAR_EXCESSES = 5.0
"""Nor where it would be a change even if the tail were so many times as long as the first ten excesses make it, which
it is in one of ten thousand."""
_TAIL = 0.05
"""Of the resamples, by which those beyond are told."""
_RANK_TEST = 0.001
_PENALTY = 3.0
"""Times the variance and log n: lenient, for each candidate is tested."""
_AUTOCORRELATION_ERRORS = 2.0
"""Standard errors between the autocorrelation that is seen and the one that is reckoned with."""
_MOST_AUTOCORRELATION = 0.9
_NEIGHBOURS = 5
_TAMED_BEYOND = 2.5
_MEDIAN_DEVIATION = 1.4826
"""The standard deviation of normal numbers over the median of their absolute deviations."""
_WITHOUT_ITSELF = 1.15
"""By which a number's deviation from a median of five, which itself is one of, falls short."""
_CONFIDENCE = 1.959964
"""Quantile of the normal distribution for an interval of 95 %."""
_LARGEST_LOG = 700.0
_MOST_NUMBERS = 1 << 20
"""Of resampled series in memory, some of whose copies are there at a time."""


class LevelChange(msgspec.Struct, frozen=True):
    """The level of a series before and after one place."""

    index: int
    """Of the first figure with the new level."""
    ratio: float
    """After over before: the median over all pairs of a figure of each segment (Hodges and Lehmann)."""
    low: float
    """Limits of its 95 % interval: order statistics of these pairs, by the rank test, with the autocorrelation reckoned
    in. The change was chosen for being large, so a small one is likely to be smaller than it says."""
    high: float
    chance: float
    """Probability that noise alone splits these two segments as well."""


def find_level_changes(figures: Sequence[float], *, false_alarm: float = FALSE_ALARM) -> tuple[LevelChange, ...]:
    """The changes of level in figures above 0, in their order of time.

    ``false_alarm`` is this series' share of that of its history. None are found in fewer than ``FEWEST_RUNS`` figures.
    The same figures have the same answer: the resamples are drawn from a fixed seed.
    """
    if len(figures) < FEWEST_RUNS:
        return ()
    logs = np.log(np.asarray(figures, dtype=np.float64))
    tamed = _tamed(logs)
    tested: dict[tuple[int, int], _Split] = {}

    def split(start: int, end: int) -> _Split:
        if (start, end) not in tested:
            tested[start, end] = _test(tamed[start:end], logs[start:end], level=false_alarm)
        return tested[start, end]

    places = _candidates(tamed)
    while places:
        bounds = [0, *places, len(logs)]
        splits = [split(start, end) for start, end in zip(bounds, bounds[2:], strict=False)]
        worst = max(range(len(splits)), key=lambda number: splits[number].chance)
        if splits[worst].chance <= false_alarm:
            return tuple(
                _change(logs[start:end], place - start, place, found)
                for start, place, end, found in zip(bounds, places, bounds[2:], splits, strict=False)
            )
        del places[worst]
    return ()


class _Split(msgspec.Struct, frozen=True):
    """The best split of a stretch of figures."""

    chance: float
    autocorrelation: float


def _tamed(logs: Values) -> Values:
    """Each figure drawn towards the median of its neighbours where it is far from it."""
    half = _NEIGHBOURS // 2
    medians = np.median(sliding_window_view(np.pad(logs, half, mode="reflect"), _NEIGHBOURS), axis=-1)
    reach = _TAMED_BEYOND * _WITHOUT_ITSELF * _MEDIAN_DEVIATION * float(np.median(np.abs(logs - medians)))
    return np.asarray(medians + np.clip(logs - medians, -reach, reach))


def _candidates(tamed: Values) -> list[int]:
    """Where PELT splits the series, leniently."""
    # Here, for it takes most of a second to import and comes with an extra.
    from ruptures import KernelCPD

    spread = _MEDIAN_DEVIATION * float(np.median(np.abs(np.diff(tamed))))
    if not spread:
        # Most runs say the same to the last digit: then any difference at all is worth a test.
        spread = float(np.std(np.diff(tamed)))
    if not spread:
        return []
    # With a linear kernel its cost is that of least squares, and its search is PELT, in C.
    detector: Any = KernelCPD(kernel="linear", min_size=SHORTEST_SEGMENT).fit(tamed.reshape(-1, 1))
    penalty = _PENALTY * spread**2 / 2 * math.log(len(tamed))
    return list(map(int, detector.predict(pen=penalty)[:-1]))


def _test(tamed: Values, logs: Values, *, level: float) -> _Split:
    """The chance that noise alone splits a stretch as well as its best split does; 1 where the ranks disagree.

    Where it is far below ``level``, no more than that is certain of it.
    """
    shares, explained = _best_splits(tamed[np.newaxis])
    place = int(explained[0].argmax()) + SHORTEST_SEGMENT
    residuals = np.concatenate([part - part.mean() for part in (tamed[:place], tamed[place:])])
    correlation = _autocorrelation(residuals)
    # Imported here because scipy.stats takes half a second.
    from scipy.stats import mannwhitneyu

    # By its normal approximation, which asks more of a handful of runs than the exact test: a clump of slow ones passed
    # that three times as often.
    if float(mannwhitneyu(logs[:place], logs[place:], method="asymptotic").pvalue) > _RANK_TEST:
        return _Split(1.0, correlation)
    fewest_ways = 2 / math.comb(len(tamed), min(place, len(tamed) - place))
    chance = _chance(float(_strength(shares, len(tamed))[0]), residuals, correlation, level=level)
    return _Split(max(fewest_ways, chance), correlation)


def _best_splits(series: Values) -> tuple[Values, Values]:
    """Of each row, [row, n], the share of the squares that its best split explains; and what each split explains, from
    the first that leaves a shortest segment. It reckons in place, for it is what a long history waits for.
    """
    count, shortest = series.shape[-1], SHORTEST_SEGMENT
    centred = series - series.mean(axis=-1, keepdims=True)
    squares = np.einsum("ij,ij->i", centred, centred)
    before = np.arange(shortest, count - shortest + 1)
    explained = np.cumsum(centred, axis=-1, out=centred)[:, shortest - 1 : count - shortest]
    explained *= explained
    explained *= count / (before * (count - before))
    return np.divide(explained.max(axis=-1), squares, out=np.zeros_like(squares), where=squares > 0), explained


def _strength(explained: Values, count: int) -> Values:
    """lambda; the share is kept below 1, which a series of two constants has."""
    return np.asarray(-count * np.log1p(-np.minimum(explained, 1 - 1e-12)))


def _autocorrelation(residuals: Values) -> float:
    """Of neighbours, at least 0: what is seen, less its bias (Kendall 1954), and two standard errors above."""
    count, squares = len(residuals), float((residuals**2).sum())
    if not squares:
        return 0.0
    seen = float((residuals[1:] * residuals[:-1]).sum()) / squares
    unbiased = seen + (1 + 4 * seen) / count
    error = math.sqrt(max(0.0, 1 - unbiased**2) / count)
    return min(max(unbiased + _AUTOCORRELATION_ERRORS * error, 0.0), _MOST_AUTOCORRELATION)


def _chance(strength: float, residuals: Values, correlation: float, *, level: float) -> float:
    """How often series of such residuals split as well."""
    if not residuals.any():
        return 0.0
    source = np.random.default_rng(0)
    first = _resampled_strengths(residuals, correlation, _FIRST_RESAMPLES, source)
    if (first >= strength).mean() > _HOPELESS:
        return float((first >= strength).mean())
    # Where resamples split alike, as of figures that are nothing but a few values, these may not show the largest.
    if _tail_chance(first, strength, excesses=_CLEAR_EXCESSES) <= level and len(np.unique(first)) == len(first):
        return _tail_chance(first, strength)
    return _tail_chance(_resampled_strengths(residuals, correlation, _RESAMPLES, source), strength)


def _tail_chance(strengths: Values, strength: float, *, excesses: float = 1.0) -> float:
    """How often it is reached, by their exponential tail where it lies beyond; ``excesses`` times as long a one."""
    tail_begins = float(np.quantile(strengths, 1 - _TAIL))
    if strength <= tail_begins:
        return float((strengths >= strength).mean())
    tail = strengths[strengths > tail_begins]
    if not tail.size:
        # As of residuals that are nothing but rounding, all of whose orders split alike: it lies beyond all of them.
        return 0.0
    mean_excess = excesses * float((tail - tail_begins).mean())
    return _TAIL * math.exp(-(strength - tail_begins) / mean_excess)


def _resampled_strengths(residuals: Values, correlation: float, count: int, source: np.random.Generator) -> Values:
    innovations = residuals.copy()
    innovations[1:] -= correlation * residuals[:-1]
    innovations[0] *= math.sqrt(1 - correlation**2)
    innovations -= innovations.mean()
    # As many series at a time as fit into memory; the numbers that are drawn are the same.
    at_once = max(1, _MOST_NUMBERS // len(residuals))
    return np.concatenate(
        [
            _of_resamples(innovations, correlation, min(at_once, count - done), source)
            for done in range(0, count, at_once)
        ]
    )


def _of_resamples(innovations: Values, correlation: float, count: int, source: np.random.Generator) -> Values:
    series = source.permuted(np.broadcast_to(innovations, (count, len(innovations))), axis=1)
    series[:, 0] /= math.sqrt(1 - correlation**2)
    for number in range(1, len(innovations)):
        series[:, number] += correlation * series[:, number - 1]
    return _strength(_best_splits(series)[0], len(innovations))


def _change(logs: Values, split: int, index: int, found: _Split) -> LevelChange:
    before, after = np.sort(logs[:split]), np.sort(logs[split:])
    pairs = len(before) * len(after)
    inflation = (1 + found.autocorrelation) / (1 - found.autocorrelation)
    spread = math.sqrt(pairs * (len(logs) + 1) / 12 * inflation)
    rank = max(0, math.floor(pairs / 2 - _CONFIDENCE * spread))
    low, lower_middle, upper_middle, high = (
        _difference(before, after, place) for place in (rank, (pairs - 1) // 2, pairs // 2, pairs - 1 - rank)
    )
    return LevelChange(
        index=index,
        ratio=_factor((lower_middle + upper_middle) / 2),
        low=_factor(low),
        high=_factor(high),
        chance=found.chance,
    )


def _difference(before: Values, after: Values, place: int) -> float:
    """What stands at a place, from 0, among the sorted differences of all pairs of two sorted stretches.

    By halving, down to neighbouring numbers: of ten thousand runs the pairs themselves would take 200 MB.
    """
    low, high = float(after[0] - before[-1]), float(after[-1] - before[0])
    # Where it is the smallest, nothing lies below it.
    if _pairs_within(before, after, low) > place:
        return low
    while low < (middle := low + (high - low) / 2) < high:
        if _pairs_within(before, after, middle) > place:
            high = middle
        else:
            low = middle
    return high


def _pairs_within(before: Values, after: Values, difference: float) -> int:
    """How many pairs differ by that much at most."""
    return len(after) * len(before) - int(np.searchsorted(before, after - difference).sum())


def _factor(log: float) -> float:
    return math.exp(min(max(log, -_LARGEST_LOG), _LARGEST_LOG))
