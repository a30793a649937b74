"""One sentence that says what a dimension's score means, and of which answers it speaks.

Whether its claims hold for a framework is decided in ``scores``.
"""

from __future__ import annotations

import math

import msgspec


class ScoreSentence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """What a score means in a sentence, one of a dimension's ``verdicts``; written as ``[start, sentence, claims]``."""

    start: float
    """The score from which it is said, 0 to 10."""
    sentence: str
    claims: dict[str, float] = {}
    """Criterion or group that the sentence speaks of → the least points of its answers for the sentence to be true."""

    def __post_init__(self) -> None:
        if not self.sentence.strip():
            raise ValueError("the sentence is empty")
        if not 0 <= self.start <= 10:
            raise ValueError(f"it starts at {self.start:g}, which lies outside 0 to 10")
        if not all(math.isfinite(points) and 0 <= points <= 10 for points in self.claims.values()):
            raise ValueError("the points of a claim lie outside 0 to 10")
