"""Criteria that measure one thing, and what they may weigh together, so that the same merit is not counted twice.

It holds the weight and its reason. Which criteria belong to a group is said by each of them.
"""

from __future__ import annotations

import math

import msgspec


class CriterionGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the criteria of one group weigh together."""

    weight: float
    reason: str
    """What they have in common, and why they weigh so much."""

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("reason is empty")
        if not math.isfinite(self.weight) or self.weight <= 0:
            raise ValueError(f"the weight is {self.weight:g}; expected a finite number above 0")
