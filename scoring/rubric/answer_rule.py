"""How one kind of evidence answers a criterion: what of a run or of the facts is its value, and what points that gets.

A rule is checked once, when it is made. It knows no other rule and no framework.
"""

from __future__ import annotations

import itertools
import math
from typing import Literal

import msgspec

from speedscore.record.phases import DeviceName, Phase
from speedscore.scoring.rubric.probe_measure import ProbeMeasure
from speedscore.scoring.rubric.scales import SCALES

Combine = Literal["sum", "geometric mean"]

INVERSE = "{inverse}"
"""Stands in a phrase for one over the value: how many times as long or as much, where the value is how many times as
good."""


class Measure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which benchmark answers, as a ratio to the best other framework."""

    phase: Phase
    metrics: dict[DeviceName, str] = {}
    """Device → name of the measurement; without an entry the metric that the case itself is about."""
    not_on: tuple[DeviceName, ...] = ()
    """Devices on which it answers nothing, for what is measured there says little about the question."""


class AnswerRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way in which a criterion is answered; ``measure``, ``probes`` or ``facts`` says from what."""

    unit: str
    """Of the value."""
    scale: str
    points: tuple[tuple[float, float], ...]
    """Breakpoints as (value, score from 0 to 10); values rise, scores rise or fall throughout."""
    reason: str
    """Why the breakpoints stand where they do."""
    example: tuple[float, float]
    """A value and the score that it must get."""
    measure: Measure | None = None
    probes: ProbeMeasure | None = None
    facts: tuple[str, ...] = ()
    """All are needed."""
    combine: Combine | None = None
    """How several facts become one value."""
    levels: tuple[tuple[float, str], ...] = ()
    """What each level of a level scale means, as (level, words); every breakpoint has its words, and nothing else."""
    phrase: str = ""
    """The answer as the short card says it, with ``{}`` for the number or the level's words, as in ``{} stars``, or
    ``{inverse}`` for one over it; where it is empty the card says the criterion's name, number and unit."""

    def __post_init__(self) -> None:
        if sum((self.measure is not None, self.probes is not None, bool(self.facts))) != 1:
            raise ValueError("a rule of answers needs exactly one of measure, probes and facts")
        if (len(self.facts) > 1) != (self.combine is not None):
            raise ValueError("combine is for several facts, and several facts need it")
        if not self.reason.strip():
            raise ValueError("no reason is given for its breakpoints")
        self._check_points()
        self._check_words()

    def _check_points(self) -> None:
        if self.scale not in SCALES:
            raise ValueError(f"unknown scale {self.scale!r}; there are {', '.join(SCALES)}")
        values = [value for value, _ in self.points]
        scores = [score for _, score in self.points]
        if len(values) < 2:
            raise ValueError("fewer than two breakpoints")
        if not all(math.isfinite(number) for number in (*values, *scores)):
            raise ValueError("breakpoints must be finite numbers")
        if any(left >= right for left, right in itertools.pairwise(values)):
            raise ValueError("the breakpoints' values are not sorted")
        if scores not in (sorted(scores), sorted(scores, reverse=True)):
            raise ValueError("the breakpoints' scores neither rise nor fall throughout")
        if not all(0.0 <= score <= 10.0 for score in scores):
            raise ValueError("a breakpoint's score lies outside 0 to 10")
        if self.scale == "log" and values[0] < 0:
            raise ValueError("a log scale needs breakpoints of zero and above")

    def _check_words(self) -> None:
        expected = [value for value, _ in self.points] if self.scale == "level" else []
        if [level for level, _ in self.levels] != expected:
            named = ", ".join(f"{level:g}" for level in expected)
            raise ValueError(
                f"levels must give words for {named}, in that order" if expected else "levels is for a level scale"
            )
        if not all(words.strip() for _, words in self.levels):
            raise ValueError("a level's words are empty")
        if self.phrase and self.phrase.count("{}") + self.phrase.count(INVERSE) != 1:
            raise ValueError(f"expected one {{}} or one {INVERSE} in the phrase, found {self.phrase!r}")

    def score(self, value: float) -> float:
        """Points from 0 to 10, unrounded."""
        return SCALES[self.scale](value, self.points)

    def level(self, value: float) -> str:
        """What a value on a level scale means: the words of the highest level that it reaches."""
        return next((words for level, words in reversed(self.levels) if value >= level), self.levels[0][1])
