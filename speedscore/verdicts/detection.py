"""How large a shift a limit by signed ranks finds, for a count of numbers and their noise.

A few numbers ask for more than a normal approximation says: at the fewest that have a limit at all every one of them
must lie beyond, the least of twelve as well. So it is drawn instead: normal numbers, the limit and the noise that
they show, as often as the answer takes, from one seed, so that it is the same in every process. It decides nothing, and
needs nothing but Python, as the limits themselves.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from statistics import NormalDist, fmean

from speedscore.verdicts.signed_rank import lower_limit, upper_limit

_NORMAL = NormalDist()
_BEYOND_ONE = 0.1587
"""Probability with which a standard normal number exceeds 1."""

_FEWEST_SAMPLES, _NUMBERS = 60, 10_000
"""Samples of a few numbers differ more, and are cheaper. The answer is right to two percent, which is a point in the
probability that it is about, and takes a twentieth of a second."""
_MOST = 120
"""From so many numbers on it hardly changes any more, and is taken for that of so many."""
_STEPS = 30
"""Of halving an interval."""
_NEVER = 1_000_000
"""More pairs are not counted."""


def standard_error(values: Sequence[float]) -> float:
    """That of the Hodges-Lehmann estimate, read back from the interval of one of it to each side (68 %), so that a
    single number that went astray does not count as noise in all."""
    return (upper_limit(values, error=_BEYOND_ONE) - lower_limit(values, error=_BEYOND_ONE)) / 2


def detectable(count: int, *, seen: int, error: float, miss: float) -> float:
    """So many standard errors of ``count`` numbers, as ``seen`` others tell their noise, are a shift that puts the
    lower limit of the ``count`` above 0, but for a probability of ``miss``; ``error`` is the limit's own.

    It counts that the noise itself is an estimate. There must be enough numbers for a limit.
    """
    return _detectable(min(count, _MOST), min(seen, _MOST), error, miss)


def needed(noise: float, shift: float, *, error: float, miss: float, fewest: int) -> int:
    """About so many numbers, ``fewest`` at least, of which each is as noisy as ``noise`` says (a standard error times
    the root of their count), find a shift of that size."""

    def is_found(count: int) -> bool:
        return detectable(count, seen=count, error=error, miss=miss) * noise <= shift * math.sqrt(count)

    return fewest + bisect_left(range(fewest, _NEVER), True, key=is_found)


@cache
def _detectable(count: int, seen: int, error: float, miss: float) -> float:
    draw = random.Random(count)
    reaches, errors = [], []
    for _ in range(max(_FEWEST_SAMPLES, _NUMBERS // count)):
        values = sorted(draw.gauss(0.0, 1.0) for _ in range(count))
        reaches.append(fmean(values) - lower_limit(values, error=error))
        shown = values if seen == count else sorted(draw.gauss(0.0, 1.0) for _ in range(seen))
        errors.append(standard_error(shown) * math.sqrt(seen / count))
    # The noise that is shown is that of one sample, the limit that of another.
    errors = [*errors[1:], errors[0]]
    root = math.sqrt(count)

    def found(factor: float) -> float:
        # The mean of normal numbers is independent of all their differences (Basu), so only these need be drawn.
        return fmean(_NORMAL.cdf(root * (factor * each - reach)) for each, reach in zip(errors, reaches, strict=True))

    low, high = 0.0, 1.0
    while found(high) < 1 - miss:
        low, high = high, 2 * high
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if found(middle) < 1 - miss else (low, middle)
    return high
