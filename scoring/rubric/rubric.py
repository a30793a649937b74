"""The rubric as checked records: the criteria, what they need, and the policies that every score follows.

All of it is data in ``rubric.toml``. This module never scores and never names a framework; a rubric that contradicts
itself is refused with one line.

Adding a criterion: 1. a ``[[criterion]]`` in ``rubric.toml``; 2. its fact, if new, in the ``[facts]`` table there;
3. a test, if its example does not already say all.
"""

from __future__ import annotations

import itertools
import math
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import msgspec

from speedscore.scoring.facts.fact import Fact, Key, Kind, months_between
from speedscore.scoring.rubric.scales import SCALES

Dimension = Literal["ecosystem_health", "production_maturity", "research_adoption", "learning_curve", "performance"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
"""In the order of the card."""

Combine = Literal["sum", "geometric mean"]
Device = Literal["cpu", "gpu", "tpu"]

RUBRIC_VERSION = 1
"""Raised when a field of ``rubric.toml`` changes its meaning."""


class RubricError(ValueError):
    """The rubric cannot be used. The message is one line: file, criterion, reason."""


class Measure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which measurement answers a criterion, as a ratio to the best other framework."""

    phase: str
    metrics: dict[Device, str] = {}
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
    """The answer as the short card says it, with ``{}`` for the number or the level's words, as in ``{} stars``; where
    it is empty the card says name, number and unit."""
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
        if self.phrase and self.phrase.count("{}") != 1:
            raise ValueError(f"expected one {{}} in the phrase, found {self.phrase!r}")

    def score(self, value: float) -> float:
        """Points from 0 to 10, unrounded."""
        return SCALES[self.scale](value, self.points)

    def level(self, value: float) -> str:
        """What a value on a level scale means: the words of the highest level that it reaches."""
        return next((words for level, words in reversed(self.levels) if value >= level), self.levels[0][1])


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What holds for every criterion; each field is explained in ``rubric.toml``."""

    round_to: float
    minimum_coverage: float
    kind_order: tuple[Kind, ...]
    stale_after_months: dict[Kind, int]
    device_order: tuple[Device, ...]
    strength_from: float
    weakness_to: float
    sentences_each: int

    def __post_init__(self) -> None:
        if not 0 < self.round_to <= 10:
            raise ValueError(f"round_to {self.round_to:g} lies outside 0 to 10")
        if not 0 < self.minimum_coverage <= 1:
            raise ValueError(f"minimum_coverage {self.minimum_coverage:g} lies outside 0 to 1")
        if sorted(self.kind_order) != sorted(get_args(Kind)):
            raise ValueError(f"kind_order must name {', '.join(get_args(Kind))} once each")
        if sorted(self.stale_after_months) != sorted(get_args(Kind)):
            raise ValueError(f"stale_after_months must name {', '.join(get_args(Kind))} once each")
        for kind, months in self.stale_after_months.items():
            if months < 1:
                raise ValueError(f"stale_after_months of {kind} is {months}; expected one month or more")
        if sorted(self.device_order) != sorted(get_args(Device)):
            raise ValueError(f"device_order must name {', '.join(get_args(Device))} once each")

    def is_stale(self, fact: Fact, *, month: str) -> bool:
        """True when a fact is past its kind's limit, seen from ``month`` (``YYYY-MM``)."""
        return months_between(fact.as_of, month) > self.stale_after_months[fact.kind]


class Maturity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
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


class Rubric(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    version: int
    policy: Policy
    dimensions: dict[Dimension, str]
    """Dimension → its title."""
    weights: dict[Dimension, float]
    """Dimension → its weight in the Speed Score; only ratios count."""
    verdicts: dict[Dimension, tuple[tuple[float, str], ...]]
    """Dimension → what its score means, as (score from which, sentence); the highest first, the last from 0."""
    facts: dict[str, Key]
    """Every key that a fixture may use."""
    criterion: tuple[Criterion, ...]
    maturity: tuple[Maturity, ...]
    """Grades of layers, the best first; the first whose limits are all reached is given."""

    def __post_init__(self) -> None:
        if self.version != RUBRIC_VERSION:
            raise ValueError(f"version {self.version} is not the {RUBRIC_VERSION} that this release reads")
        if missing := [dimension for dimension in DIMENSIONS if dimension not in self.dimensions]:
            raise ValueError(f"no title for dimension {missing[0]!r}")
        self._check_weights()
        self._check_verdicts()
        seen: set[str] = set()
        for criterion in self.criterion:
            if criterion.id in seen:
                raise ValueError(f"two criteria are called {criterion.id!r}")
            seen.add(criterion.id)
            if unknown := [key for key in criterion.facts if key not in self.facts]:
                raise ValueError(f"criterion {criterion.id!r}: needs fact {unknown[0]!r}, which [facts] does not list")
            if criterion.combine and any(not self.facts[key].name for key in criterion.facts):
                raise ValueError(f"criterion {criterion.id!r}: joins facts, so each needs a name in [facts]")
        for dimension in DIMENSIONS:
            if not sum(criterion.weight for criterion in self.of(dimension)) > 0:
                raise ValueError(f"the weights of dimension {dimension!r} are all zero")
        self._check_maturity()

    def _check_weights(self) -> None:
        if missing := [dimension for dimension in DIMENSIONS if dimension not in self.weights]:
            raise ValueError(f"no weight for dimension {missing[0]!r}")
        for dimension, weight in self.weights.items():
            if not (math.isfinite(weight) and weight >= 0):
                raise ValueError(f"the weight of {dimension} is {weight:g}; expected a number that is not negative")
        if not sum(self.weights.values()) > 0:
            raise ValueError("the weights of all dimensions are zero")

    def _check_verdicts(self) -> None:
        for dimension in DIMENSIONS:
            bands = self.verdicts.get(dimension, ())
            starts = [start for start, _ in bands]
            if not bands or starts[-1] != 0 or starts != sorted(set(starts), reverse=True) or starts[0] > 10:
                raise ValueError(f"the verdicts of dimension {dimension!r} must fall from at most 10 to 0")
            if not all(sentence.strip() for _, sentence in bands):
                raise ValueError(f"a verdict of dimension {dimension!r} is empty")

    def _check_maturity(self) -> None:
        if not self.maturity or self.maturity[-1].least or not all(entry.least for entry in self.maturity[:-1]):
            raise ValueError("of the [[maturity]] entries the last and no other must ask nothing")
        grades = [entry.grade for entry in self.maturity]
        if repeated := [grade for grade in grades if grades.count(grade) > 1]:
            raise ValueError(f"two [[maturity]] entries have the grade {repeated[0]!r}")
        for entry in self.maturity:
            if unknown := [key for key in entry.least if key not in self.facts]:
                raise ValueError(f"maturity {entry.grade!r}: needs fact {unknown[0]!r}, which [facts] does not list")

    @property
    def maturity_facts(self) -> tuple[str, ...]:
        """Every fact that a grade asks for, in the order of ``[facts]``."""
        asked = {key for entry in self.maturity for key in entry.least}
        return tuple(key for key in self.facts if key in asked)

    def fact_name(self, key: str) -> str:
        """A fact's name for people: its own, else that of the criterion which asks for it alone, else its key."""
        asking = [criterion.name for criterion in self.criterion if criterion.facts == (key,)]
        return self.facts[key].name or next(iter(asking), key)

    def verdict(self, dimension: Dimension, score: float) -> str:
        """What a score of a dimension means."""
        return next(sentence for start, sentence in self.verdicts[dimension] if score >= start)

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
            maturity=rubric.maturity,
        )
    except ValueError as error:
        raise RubricError(f"{source}: {error}") from error


def load_rubric(path: Path | None = None) -> Rubric:
    """Read and check a rubric; without ``path`` the one that comes with the package.

    Raises RubricError.
    """
    path = path or Path(__file__).with_name("rubric.toml")
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RubricError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RubricError(f"{path}: not valid TOML ({error})") from error
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
