"""Limits for the centre of a handful of numbers by Wilcoxon's signed ranks: exact, and indifferent to outliers.

If nothing changed, base and head are exchangeable within a pair of processes, so a pair's log ratio is as likely to be
+x as -x, whatever the noise looks like: heavy tails, steps and drift included. The limits below err as seldom as they
say under that symmetry alone (Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, section 3.3); a t
interval would need normal noise. It decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray


def fewest_for(error: float) -> int:
    """The fewest numbers from which a limit can be told that errs with probability ``error`` at most.

    Raises ValueError unless it lies between 0 and 1.
    """
    if not 0.0 < error < 1.0:
        raise ValueError(f"the probability of an error must lie between 0 and 1, found {error}")
    return max(1, math.ceil(-math.log2(error)))


def centre(values: Sequence[float]) -> float:
    """The Hodges-Lehmann estimate: the median of the means of all two of the values, each with itself included."""
    return float(np.median(_walsh_averages(values)))


def lower_limit(values: Sequence[float], *, error: float) -> float:
    """What the centre exceeds, but for a probability of ``error`` at most; minus infinity for too few values."""
    count = _beyond(len(values), error)
    return -math.inf if count is None else float(_walsh_averages(values)[count])


def upper_limit(values: Sequence[float], *, error: float) -> float:
    """What the centre stays below, but for a probability of ``error`` at most; infinity for too few values."""
    return -lower_limit([-value for value in values], error=error)


def _walsh_averages(values: Sequence[float]) -> NDArray[np.float64]:
    """All means of two of the n values, n(n + 1)/2 of them, rising."""
    array = np.asarray(values, dtype=np.float64)
    rows, columns = np.triu_indices(len(array))
    return np.sort((array[rows] + array[columns]) / 2)


def _beyond(count: int, error: float) -> int | None:
    """The largest rank sum that is seen with probability ``error`` at most; None where even 0 is too probable."""
    cumulative = _distribution(count)
    within = int(np.searchsorted(cumulative, error, side="right"))
    return within - 1 if within else None


@cache
def _distribution(count: int) -> NDArray[np.float64]:
    """P(W <= w) of the signed-rank sum of ``count`` numbers, for w from 0: each rank is in or out, like a coin."""
    probabilities = np.ones(1)
    for rank in range(1, count + 1):
        with_rank = np.zeros(len(probabilities) + rank)
        with_rank[: len(probabilities)] += probabilities / 2
        with_rank[rank:] += probabilities / 2
        probabilities = with_rank
    return np.cumsum(probabilities)
