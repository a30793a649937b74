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


def _between(value: float, points: Points, share: Callable[[float, float, float], float]) -> float:
    """The score between the two breakpoints around a value, ``share`` of the way from the left to the right one."""
    if value <= points[0][0]:
        return points[0][1]
    if value >= points[-1][0]:
        return points[-1][1]
    right = bisect_right([at for at, _ in points], value)
    (left_value, left_score), (right_value, right_score) = points[right - 1], points[right]
    return left_score + share(left_value, value, right_value) * (right_score - left_score)


def linear(value: float, points: Points) -> float:
    """Straight lines between the breakpoints."""
    return _between(value, points, lambda left, at, right: (at - left) / (right - left))


def log(value: float, points: Points) -> float:
    """Straight lines between the breakpoints over the logarithm of the value: equal factors earn equal points.

    Zero has no logarithm, so from a first breakpoint at zero to the second the line is straight over the value itself.
    The logarithm is taken of quotients, since two breakpoints that are neighbours as floats have the same logarithm.
    """

    def share(left: float, at: float, right: float) -> float:
        return at / right if left == 0 else math.log(at / left) / math.log(right / left)

    return _between(value, points, share)


def level(value: float, points: Points) -> float:
    """The score of the highest breakpoint that the value reaches; nothing lies between two levels."""
    reached = bisect_right([at for at, _ in points], value)
    return points[max(reached - 1, 0)][1]


SCALES: dict[str, Callable[[float, Points], float]] = {"linear": linear, "log": log, "level": level}
