"""One question of the rubric: what it asks, what it weighs, and the rules by which it is answered.

A criterion is checked once, when it is made. Nothing here knows the other criteria, and no framework is named.

Adding a criterion: 1. a ``[[criterion]]`` in ``rubric.toml``; 2. its fact, if new, in the ``[facts]`` table there;
3. a test, if its examples do not already say all.
"""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from speedscore.scoring.rubric.answer_rule import AnswerRule, Measure
from speedscore.scoring.rubric.probe_measure import ProbeMeasure

Dimension = Literal["ecosystem_health", "production_maturity", "research_adoption", "learning_curve", "performance"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
"""Listed in the order of the card."""

LEAST_WEIGHT, MOST_WEIGHT = 1e-6, 1_000_000
"""Limits of a criterion's and a dimension's weight that is not 0. Beyond them the others would count for nothing, and
far beyond them sums would overflow."""


class Criterion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question, and how its answer becomes points."""

    id: str
    dimension: Dimension
    name: str
    """Short, for the card."""
    question: str
    weight: float
    """Share within its dimension; only ratios count."""
    reason: str
    """Why it weighs what it weighs."""
    answers: tuple[AnswerRule, ...]
    """In the order in which they are tried: what was measured before what was published."""
    group: str = ""
    """Shared by criteria that measure one thing, in one dimension or in several: together they weigh what ``[groups]``
    states and explains. Empty for a criterion that stands alone."""
    past: bool = False
    """Whether it asks for what a project once gathered, showed or promised: of a dormant project that counts for no
    more than the policy's ``dormant_most``."""
    strength: str = ""
    weakness: str = ""
    best_for: str = ""
    avoid_if: str = ""

    def __post_init__(self) -> None:
        if not self.answers:
            raise ValueError("has no rule of answers, so nothing can answer it")
        if self.weight and not LEAST_WEIGHT <= self.weight <= MOST_WEIGHT:
            raise ValueError(
                f"the weight is {self.weight:g}; expected 0, or a number from {LEAST_WEIGHT:g} to {MOST_WEIGHT:,}"
            )
        if not self.reason.strip():
            raise ValueError("no reason is given for its weight")
        if sum(rule.measure is not None for rule in self.answers) > 1:
            raise ValueError("has several rules with a measure; expected one at most")
        if sum(rule.probes is not None for rule in self.answers) > 1:
            raise ValueError("has several rules with probes; expected one at most")
        by_facts = [bool(rule.facts) for rule in self.answers]
        if by_facts != sorted(by_facts):
            raise ValueError("what is measured answers before any fact does, so its rules come first")

    @property
    def facts(self) -> tuple[str, ...]:
        """Every key that any of its rules asks for."""
        return tuple(dict.fromkeys(key for rule in self.answers for key in rule.facts))

    @property
    def measure(self) -> Measure | None:
        """The benchmark that answers; None where none does."""
        return next((rule.measure for rule in self.answers if rule.measure is not None), None)

    @property
    def probes(self) -> ProbeMeasure | None:
        """The probes that answer; None where none do."""
        return next((rule.probes for rule in self.answers if rule.probes is not None), None)

    @property
    def only_measured(self) -> bool:
        """True for a question that no fact can answer: it is put only to frameworks that were measured or probed."""
        return not self.facts
