"""Limits for the centre of a handful of numbers by Wilcoxon's signed ranks: exact, and indifferent to outliers.

If nothing changed, base and head are exchangeable within a pair of processes, so a pair's log ratio is as likely to be
+x as -x, whatever the noise looks like: heavy tails, steps and drift included. The limits below err as seldom as they
say under that symmetry alone (Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, section 3.3); a t
interval would need normal noise. It decides nothing, and needs nothing but Python: whoever gates a repository should
not have to install NumPy for it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import accumulate
from statistics import median


def fewest_for(error: float) -> int:
    """The fewest numbers from which a limit can be told that errs with probability ``error`` at most.

    Raises ValueError unless it lies between 0 and 1.
    """
    if not 0.0 < error < 1.0:
        raise ValueError(f"the probability of an error must lie between 0 and 1, found {error}")
    return max(1, math.ceil(-math.log2(error)))


def centre(values: Sequence[float]) -> float:
    """The Hodges-Lehmann estimate: the median of the means of all two of the values, each with itself included."""
    return median(_walsh_averages(tuple(values)))


def lower_limit(values: Sequence[float], *, error: float) -> float:
    """What the centre exceeds, but for a probability of ``error`` at most; minus infinity for too few values."""
    count = _beyond(len(values), error)
    return -math.inf if count is None else _walsh_averages(tuple(values))[count]


def upper_limit(values: Sequence[float], *, error: float) -> float:
    """What the centre stays below, but for a probability of ``error`` at most; infinity for too few values."""
    count = _beyond(len(values), error)
    return math.inf if count is None else _walsh_averages(tuple(values))[-1 - count]


@lru_cache(maxsize=4)  # a look asks for the centre and several limits of the same values
def _walsh_averages(values: tuple[float, ...]) -> list[float]:
    """All means of two of the n values, n(n + 1)/2 of them, rising."""
    return sorted((one + other) / 2 for place, one in enumerate(values) for other in values[place:])


def _beyond(count: int, error: float) -> int | None:
    """The largest rank sum that is seen with probability ``error`` at most; None where even 0 is too probable."""
    within = bisect_right(_distribution(count), error)
    return within - 1 if within else None


@cache
def _distribution(count: int) -> list[float]:
    """P(W <= w) of the signed-rank sum of ``count`` numbers, for w from 0: each rank is in or out, like a coin."""
    probabilities = [1.0]
    for rank in range(1, count + 1):
        without, with_rank = [*probabilities, *[0.0] * rank], [*[0.0] * rank, *probabilities]
        probabilities = [(one + other) / 2 for one, other in zip(without, with_rank, strict=True)]
    return list(accumulate(probabilities))
