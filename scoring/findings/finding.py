"""One answer to one criterion about one framework, and where it comes from.

These are records: nothing here looks an answer up, compares two, or changes one.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from speedscore.scoring.facts.fact import Kind
from speedscore.scoring.findings.probed import Probed
from speedscore.scoring.findings.standings import ModelRatio
from speedscore.scoring.rubric.answer_rule import AnswerRule
from speedscore.scoring.rubric.criterion import Criterion


class Source(msgspec.Struct, frozen=True):
    """Where an answer, or what contradicts it, came from."""

    kind: Kind | Literal["measured"]
    text: str
    """Title and place of a fact; in words what was measured."""
    as_of: str
    """A fact's date, ``YYYY-MM`` or ``YYYY-MM-DD``; when a measurement's run was made."""
    value: float
    low: float | None = None
    """Of a fact the range that its source states; of probes what so few allow, with 95 %; on a card of a ratio of cases
    where 95 % of its draws lie."""
    high: float | None = None
    age_months: int = 0
    """Months before the month to which the evidence counts ages."""
    stale: bool = False
    """Older than the policy allows for its kind."""
    record: bool = False
    """Holds until it is beaten, and so is never stale, however old."""
    method: str = ""
    definition: str = ""
    """Which of several ways of counting it is, or which device it was measured on; answers are comparable where it is
    the same."""
    name: str = ""
    """Which of several facts, or empty where a criterion needs one only."""
    nodeids: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()
    """Of cases, those that the measurement rests on, where they were measured on others than the run's own machine:
    each with its run's file where there are several."""
    rounds: int = 0
    rival: str = ""
    """Of cases the other framework of the ratio, by its name for people."""
    by_model: tuple[ModelRatio, ...] = ()
    """Of cases the ratio of each model; ``value`` is the geometric mean over all cells."""
    unit: str = ""
    """A fact's unit; that of a measurement stands in the rule."""


class Finding(msgspec.Struct, frozen=True):
    """The answer to one criterion about one framework."""

    criterion: Criterion
    framework: str
    rule: AnswerRule | None = None
    """What found the value and turned it into points; None when unknown."""
    value: float | None = None
    """In the rule's unit; None when unknown."""
    score: float | None = None
    """0 to 10, unrounded; None when unknown or stale, never zero for it."""
    stale_score: float | None = None
    """What a stale answer counts for in the mean of its dimension, of whose weight it covers nothing."""
    limit: str = ""
    """Why it counts for less than its value would get by the rule; empty where it gets it all."""
    sources: tuple[Source, ...] = ()
    beside: tuple[Source, ...] = ()
    """Facts of the same snapshot that say something else and were not scored."""
    reason: str = ""
    """Why it has no score."""
    note: str = ""
    """Why a fact answers although a measurement was sought, or what of the probes is missing."""
    probed: Probed | None = None
    """The questions that probes answered, where they give the value: another framework is compared with it on those
    alone that it answered too, unless the rule's probes are each framework's own."""
    candidates: tuple[Finding, ...] = ()
    """Every fresh answer that there is, in order of preference: each by one rule, from a measurement or from one fact
    of each key. A comparison picks among them what all that are compared were asked alike."""

    @property
    def known(self) -> bool:
        return self.score is not None

    @property
    def stale(self) -> bool:
        """True when what answers is too old to count."""
        return self.stale_score is not None

    @property
    def points(self) -> float | None:
        """What it counts for, fresh or stale; None when unknown."""
        return self.stale_score if self.score is None else self.score

    @property
    def method(self) -> tuple[int, tuple[str, ...]]:
        """The rule and the ways of counting that answered it; answers of one method are comparable. Only a known
        finding has one."""
        assert self.rule is not None
        return self.criterion.answers.index(self.rule), tuple(source.definition for source in self.sources)

    @property
    def measured(self) -> bool:
        return any(source.kind == "measured" for source in self.sources)
