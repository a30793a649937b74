"""From how many steps compiling pays: arithmetic over a program's time to its first step and its time per step.

After n steps a program has taken ``first + (n - 1) × per step``. It has caught up with another from the first n at
which it has taken no longer. How fast the two are beside each other is the record's ratio; its interval gives bounds.
"""

from __future__ import annotations

import math
from fractions import Fraction

import msgspec


class Start(msgspec.Struct, frozen=True):
    """Seconds to the end of the first step, everything before it included."""

    seconds: float
    low: float | None = None
    high: float | None = None
    """Limits of the 95 % interval over compilations; None where there were too few."""


class PerStep(msgspec.Struct, frozen=True):
    """How many times as long a step of the other takes as one of the compiled program; its limits are None where there
    is no interval."""

    seconds: float
    """Of a step of the compiled program."""
    times_as_long: float
    low: float | None = None
    high: float | None = None


class BreakEven(msgspec.Struct, frozen=True):
    """The step from which one program is not behind another; ``math.inf`` is never."""

    steps: float
    earliest: float | None = None
    latest: float | None = None
    """By the limits of the intervals; None where no interval is known."""
    until: float = math.inf
    """The last step at which it is not behind, where it starts sooner and is slower a step."""


def break_even(own: Start, other: Start, per_step: PerStep) -> BreakEven:
    """When a program that starts as ``own`` has caught up with one that starts as ``other``.

    The bounds take the limits of all intervals at once, so that they are wider than a 95 % interval of the steps.
    """
    steps, until = _steps(own.seconds, other.seconds, per_step.seconds, per_step.times_as_long)
    known = (per_step.low, per_step.high, own.low, own.high, other.low, other.high)
    if all(limit is None for limit in known):
        return BreakEven(steps, until=until)
    earliest, _ = _steps(
        _or(own.low, own.seconds),
        _or(other.high, other.seconds),
        per_step.seconds,
        _or(per_step.high, per_step.times_as_long),
    )
    latest, _ = _steps(
        _or(own.high, own.seconds),
        _or(other.low, other.seconds),
        per_step.seconds,
        _or(per_step.low, per_step.times_as_long),
    )
    return BreakEven(steps, earliest=earliest, latest=latest, until=until)


def _steps(own: float, other: float, own_step: float, times_as_long: float) -> tuple[float, float]:
    """The first and the last step at which it is not behind. Exact, because a quotient of floats may miss a whole
    number."""
    behind = Fraction(own) - Fraction(other)
    gained = Fraction(own_step) * (Fraction(times_as_long) - 1)
    if behind <= 0:
        return 1, math.inf if gained >= 0 else 1 + math.floor(behind / gained)
    return (1 + math.ceil(behind / gained) if gained > 0 else math.inf), math.inf


def _or(limit: float | None, value: float) -> float:
    return value if limit is None else limit
