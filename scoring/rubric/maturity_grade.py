"""One grade of maturity that the rubric gives to a library on top of a framework.

It says what the library's facts must reach. Which library gets it is decided in ``scores``.
"""

from __future__ import annotations

import math

import msgspec


class MaturityGrade(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One grade of a layer, and what its facts must reach for it."""

    grade: str
    reason: str
    """What the grade means, and why its limits stand where they do."""
    least: dict[str, float] = {}
    """Fact → the least value that it must have; the last grade asks nothing."""

    def __post_init__(self) -> None:
        for name in ("grade", "reason"):
            if not getattr(self, name).strip():
                raise ValueError(f"{name} is empty")
        if not all(math.isfinite(number) for number in self.least.values()):
            raise ValueError("the limits must be finite numbers")
