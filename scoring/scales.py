"""From a value to points between 0 and 10: one small function a scale.

A scale reads a criterion's breakpoints and nothing else. Beyond the first and the last breakpoint the score stays at
theirs, so it never leaves 0 to 10.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence

Points = Sequence[tuple[float, float]]
"""Breakpoints as (value, score), values rising, scores rising throughout or falling throughout."""


def linear(value: float, points: Points) -> float:
    """Straight lines between the breakpoints."""
    if value <= points[0][0]:
        return points[0][1]
    if value >= points[-1][0]:
        return points[-1][1]
    right = bisect_right([at for at, _ in points], value)
    (left_value, left_score), (right_value, right_score) = points[right - 1], points[right]
    share = (value - left_value) / (right_value - left_value)
    return left_score + share * (right_score - left_score)


def log(value: float, points: Points) -> float:
    """Straight lines between the breakpoints over the logarithm of the value: equal factors earn equal points."""
    if value <= points[0][0]:
        return points[0][1]
    return linear(math.log(value), [(math.log(at), score) for at, score in points])


def level(value: float, points: Points) -> float:
    """The score of the highest breakpoint that the value reaches; nothing lies between two levels."""
    reached = bisect_right([at for at, _ in points], value)
    return points[max(reached - 1, 0)][1]


SCALES: dict[str, Callable[[float, Points], float]] = {"linear": linear, "log": log, "level": level}
