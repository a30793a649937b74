"""One question of the rubric: what answers it, and how the answer becomes points.

A criterion is checked once, when it is made. Nothing here knows the other criteria, and no framework is named.

Adding a criterion: 1. a ``[[criterion]]`` in ``rubric.toml``; 2. its fact, if new, in the ``[facts]`` table there;
3. a test, if its example does not already say all.
"""

from __future__ import annotations

import itertools
import math
from typing import Literal, get_args

import msgspec

from speedscore.record.phases import DeviceName, Phase
from speedscore.scoring.rubric.scales import SCALES

Dimension = Literal["ecosystem_health", "production_maturity", "research_adoption", "learning_curve", "performance"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
"""In the order of the card."""

Combine = Literal["sum", "geometric mean"]

INVERSE = "{inverse}"
"""In a phrase: how many times as long or as much, where the value is how many times as good."""


class Measure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which measurement answers a criterion, as a ratio to the best other framework."""

    phase: Phase
    metrics: dict[DeviceName, str] = {}
    """Device → name of the measurement; without an entry the metric that the case itself is about."""


class Criterion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question, and how its answer becomes points."""

    id: str
    dimension: Dimension
    name: str
    """Short, for the card."""
    question: str
    unit: str
    """Of the answer."""
    scale: str
    points: tuple[tuple[float, float], ...]
    """Breakpoints as (value, score from 0 to 10); values rise, scores rise or fall throughout."""
    weight: float
    """Share within its dimension; only ratios count."""
    reason: str
    """Why the breakpoints and the weight stand where they do."""
    example: tuple[float, float]
    """A value and the score that it must get."""
    facts: tuple[str, ...] = ()
    """All are needed when nothing was measured."""
    combine: Combine | None = None
    """How several facts become one value."""
    measure: Measure | None = None
    """Answers before any fact does."""
    levels: tuple[tuple[float, str], ...] = ()
    """What each level of a level scale means, as (level, words); every breakpoint has its words, and nothing else."""
    phrase: str = ""
    """The answer as the short card says it, with ``{}`` for the number or the level's words, as in ``{} stars``, or
    ``{inverse}`` for one over it; where it is empty the card says name, number and unit."""
    only_measured: bool = False
    """True for a question that is put only to frameworks that were measured, and else counts for nothing."""
    strength: str = ""
    weakness: str = ""
    best_for: str = ""
    avoid_if: str = ""

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise ValueError(f"unknown scale {self.scale!r}; there are {', '.join(SCALES)}")
        values = [value for value, _ in self.points]
        scores = [score for _, score in self.points]
        if len(values) < 2:
            raise ValueError("fewer than two breakpoints")
        if not all(math.isfinite(number) for number in (*values, *scores, self.weight)):
            raise ValueError("breakpoints and weight must be finite numbers")
        if any(left >= right for left, right in itertools.pairwise(values)):
            raise ValueError("the breakpoints' values are not sorted")
        if scores not in (sorted(scores), sorted(scores, reverse=True)):
            raise ValueError("the breakpoints' scores neither rise nor fall throughout")
        if not all(0.0 <= score <= 10.0 for score in scores):
            raise ValueError("a breakpoint's score lies outside 0 to 10")
        if self.scale == "log" and values[0] <= 0:
            raise ValueError("a log scale needs breakpoints above zero")
        if self.weight < 0:
            raise ValueError(f"negative weight {self.weight:g}")
        if not self.reason.strip():
            raise ValueError("no reason is given for its breakpoints")
        if not self.facts and self.measure is None:
            raise ValueError("needs neither a fact nor a measurement, so nothing can answer it")
        if self.only_measured and (self.measure is None or self.facts):
            raise ValueError("only_measured asks for a measurement and for no fact")
        if (len(self.facts) > 1) != (self.combine is not None):
            raise ValueError("combine is for several facts, and several facts need it")
        self._check_words()

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
