"""The rubric as a whole: every criterion, fact key, weight and verdict, checked against each other.

All of it is data in ``rubric.toml``. This module never scores and never names a framework; a rubric that contradicts
itself is refused with one line.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import msgspec

from speedscore.scoring.facts.fact import FactKey
from speedscore.scoring.facts.toml_file import TomlError, read_toml
from speedscore.scoring.rubric.criterion import DIMENSIONS, LEAST_WEIGHT, MOST_WEIGHT, Criterion, Dimension
from speedscore.scoring.rubric.criterion_group import CriterionGroup
from speedscore.scoring.rubric.maturity_grade import MaturityGrade
from speedscore.scoring.rubric.policy import Policy
from speedscore.scoring.rubric.score_sentence import ScoreSentence
from speedscore.scoring.rubric.topic import Topic
from speedscore.text.cleaning import is_name, one_line
from speedscore.text.plain import texts

RUBRIC_VERSION = 4
"""Raised when a field of ``rubric.toml`` changes its meaning."""


class RubricError(ValueError):
    """The rubric cannot be used. The message is one line: file, criterion, reason."""


class Rubric(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of ``rubric.toml``."""

    version: int
    policy: Policy
    dimensions: dict[Dimension, str]
    """Dimension → its title."""
    weights: dict[Dimension, float]
    """Dimension → its weight in the Speed Score; only ratios count."""
    verdicts: dict[Dimension, tuple[ScoreSentence, ...]]
    """Dimension → what its score means; the highest first, the last from 0."""
    facts: dict[str, FactKey]
    """Every key that a fixture may use."""
    criterion: tuple[Criterion, ...]
    groups: dict[str, CriterionGroup]
    """Criteria that measure one thing, by the group's name."""
    maturity: tuple[MaturityGrade, ...]
    """Grades of layers, the best first; the first whose limits are all reached is given."""
    topics: dict[str, Topic] = {}
    """What a card tells and nobody gets points for, in the card's order."""

    def __post_init__(self) -> None:
        if self.version != RUBRIC_VERSION:
            raise ValueError(f"version {self.version} is not the {RUBRIC_VERSION} that this release reads")
        if missing := [dimension for dimension in DIMENSIONS if dimension not in self.dimensions]:
            raise ValueError(f"no title for dimension {missing[0]!r}")
        self._check_texts()
        self._check_weights()
        self._check_verdicts()
        self._check_criteria()
        self._check_groups()
        self._check_maturity()
        self._check_topics()

    def _check_texts(self) -> None:
        for criterion in self.criterion:
            if not (criterion.id.strip() and criterion.name.strip() and criterion.question.strip()):
                raise ValueError(f"criterion {one_line(criterion.id)!r}: its id, name or question is empty")
            if unclean := [text for text in texts(criterion) if not is_name(text)]:
                raise ValueError(
                    f"criterion {one_line(criterion.id)!r}: not one line of plain text: {one_line(unclean[0])!r}"
                )
        if unclean := [text for text in texts(self) if not is_name(text)]:
            raise ValueError(f"not one line of plain text: {one_line(unclean[0])!r}")

    def _check_criteria(self) -> None:
        if unknown := [key for key in self.policy.dormant_without if key not in self.facts]:
            raise ValueError(f"dormant_without names fact {unknown[0]!r}, which [facts] does not list")
        seen: set[str] = set()
        for criterion in self.criterion:
            if criterion.id in seen:
                raise ValueError(f"two criteria are called {criterion.id!r}")
            seen.add(criterion.id)
            if unknown := [key for key in criterion.facts if key not in self.facts]:
                raise ValueError(f"criterion {criterion.id!r}: needs fact {unknown[0]!r}, which [facts] does not list")
            joined = [key for rule in criterion.answers if rule.combine for key in rule.facts]
            if any(not self.facts[key].name for key in joined):
                raise ValueError(f"criterion {criterion.id!r}: joins facts, so each needs a name in [facts]")
        for dimension in DIMENSIONS:
            if not sum(criterion.weight for criterion in self.of(dimension)) > 0:
                raise ValueError(f"the weights of dimension {dimension!r} are all zero")

    def _check_groups(self) -> None:
        members: dict[str, list[float]] = {name: [] for name in self.groups}
        for criterion in self.criterion:
            if criterion.group and criterion.group not in members:
                raise ValueError(f"criterion {criterion.id!r}: its group {criterion.group!r} is not in [groups]")
            if criterion.group:
                members[criterion.group].append(criterion.weight)
        for name, weights in members.items():
            if len(weights) < 2 or not math.isclose(math.fsum(weights), self.groups[name].weight):
                raise ValueError(
                    f"group {name!r}: its {len(weights)} criteria weigh {math.fsum(weights):g} together; "
                    f"expected two or more with {self.groups[name].weight:g}"
                )

    def _check_weights(self) -> None:
        if missing := [dimension for dimension in DIMENSIONS if dimension not in self.weights]:
            raise ValueError(f"no weight for dimension {missing[0]!r}")
        for dimension, weight in self.weights.items():
            if weight and not LEAST_WEIGHT <= weight <= MOST_WEIGHT:
                raise ValueError(
                    f"the weight of {dimension} is {weight:g}; expected 0, or a number from {LEAST_WEIGHT:g} to "
                    f"{MOST_WEIGHT:,}"
                )
        if not sum(self.weights.values()) > 0:
            raise ValueError("the weights of all dimensions are zero")

    def _check_verdicts(self) -> None:
        for dimension in DIMENSIONS:
            verdicts = self.verdicts.get(dimension, ())
            starts = [verdict.start for verdict in verdicts]
            if not verdicts or starts[-1] != 0 or starts != sorted(set(starts), reverse=True):
                raise ValueError(f"the verdicts of dimension {dimension!r} must fall from at most 10 to 0")
            claimed = {name for verdict in verdicts for name in verdict.claims}
            of_dimension = {name for criterion in self.of(dimension) for name in (criterion.id, criterion.group)}
            if unknown := sorted(claimed - of_dimension):
                raise ValueError(
                    f"a verdict of dimension {dimension!r} claims {unknown[0]!r}, which it does not ask for"
                )

    def _check_maturity(self) -> None:
        if not self.maturity or self.maturity[-1].least or not all(entry.least for entry in self.maturity[:-1]):
            raise ValueError("of the [[maturity]] entries the last and no other must ask nothing")
        grades = [entry.grade for entry in self.maturity]
        if repeated := [grade for grade in grades if grades.count(grade) > 1]:
            raise ValueError(f"two [[maturity]] entries have the grade {repeated[0]!r}")
        for entry in self.maturity:
            if unknown := [key for key in entry.least if key not in self.facts]:
                raise ValueError(f"maturity {entry.grade!r}: needs fact {unknown[0]!r}, which [facts] does not list")

    def _check_topics(self) -> None:
        placed: dict[str, str] = {}
        for topic, entry in self.topics.items():
            for key in entry.facts:
                if key not in self.facts:
                    raise ValueError(f"topic {topic!r}: needs fact {key!r}, which [facts] does not list")
                if not self.facts[key].name:
                    raise ValueError(f"topic {topic!r}: fact {key!r} needs a name in [facts]")
                if key in placed:
                    raise ValueError(f"topic {topic!r}: fact {key!r} stands under topic {placed[key]!r} already")
                placed[key] = topic

    @property
    def maturity_facts(self) -> tuple[str, ...]:
        """Every fact that a grade asks for, in the order of ``[facts]``."""
        asked = {key for entry in self.maturity for key in entry.least}
        return tuple(key for key in self.facts if key in asked)

    def fact_name(self, key: str) -> str:
        """A fact's name for people: its own, else that of the criterion that a rule asks it alone for, else its key."""
        asking = [
            criterion.name for criterion in self.criterion if any(rule.facts == (key,) for rule in criterion.answers)
        ]
        return self.facts[key].name or next(iter(asking), key)

    def of(self, dimension: Dimension) -> tuple[Criterion, ...]:
        """The criteria of one dimension, in the file's order."""
        return tuple(criterion for criterion in self.criterion if criterion.dimension == dimension)


def add_criteria(rubric: Rubric, criteria: Sequence[Criterion], *, source: str) -> Rubric:
    """The rubric with further criteria at its end, checked as a whole. Raises RubricError, which names ``source``."""
    for criterion in criteria:
        if not isinstance(criterion, Criterion):
            raise RubricError(f"{source}: expected a Criterion, found {type(criterion).__name__}")
    try:
        return Rubric(
            version=rubric.version,
            policy=rubric.policy,
            dimensions=rubric.dimensions,
            weights=rubric.weights,
            verdicts=rubric.verdicts,
            facts=rubric.facts,
            criterion=(*rubric.criterion, *criteria),
            groups=rubric.groups,
            maturity=rubric.maturity,
            topics=rubric.topics,
        )
    except ValueError as error:
        raise RubricError(f"{source}: {error}") from error


def load_rubric(path: Path | None = None) -> Rubric:
    """Read and check a rubric; without ``path`` the one that comes with the package.

    Raises RubricError.
    """
    path = path or Path(__file__).with_name("rubric.toml")
    try:
        document = read_toml(path)
    except TomlError as error:
        raise RubricError(str(error)) from error
    entries = document.get("criterion")
    # One by one first, so that the message names the criterion and not only its place in the file.
    for number, entry in enumerate(entries if isinstance(entries, list) else [], start=1):
        try:
            msgspec.convert(entry, type=Criterion)
        except msgspec.ValidationError as error:
            name = entry.get("id", f"number {number}") if isinstance(entry, dict) else f"number {number}"
            raise RubricError(f"{path}: criterion {name!r}: {error}") from error
    try:
        return msgspec.convert(document, type=Rubric)
    except msgspec.ValidationError as error:
        raise RubricError(f"{path}: {error}") from error
