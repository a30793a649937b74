"""The published form of a JSON card: ``python -m speedscore.scoring.cards.card_schema > docs/card.schema.json``.

It describes what ``cards.json`` writes and nothing else; a test reads a rendered card by these types, so that neither
can change without the other.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Literal

import msgspec

from speedscore.scoring.cards.json import SCHEMA_VERSION
from speedscore.scoring.claims.claim import Claim
from speedscore.scoring.claims.judging import Judgement
from speedscore.scoring.claims.testing import ClaimTest
from speedscore.scoring.evidence.run_summaries import RunSummary
from speedscore.scoring.facts.fact import Kind
from speedscore.scoring.findings.standings import MeasuredCell, ModelRatio
from speedscore.scoring.findings.topics import DatedStatement
from speedscore.scoring.findings.variants import ScoredVariant
from speedscore.scoring.rubric.criterion import Dimension
from speedscore.scoring.rubric.policy import Policy
from speedscore.scoring.rubric.topic import Section
from speedscore.scoring.scores.comparison import ComparedQuestion, OmittedQuestion, UnrankedFramework
from speedscore.scoring.scores.layer_card import GradeLimits, MeasuredLine
from speedscore.scoring.scores.other_variants import OtherVariant
from speedscore.scoring.scores.sensitivity import Sensitivity
from speedscore.scoring.scores.uncertainty import Interval


class CardSource(msgspec.Struct, forbid_unknown_fields=True):
    """Where an answer came from, or what stands beside it."""

    kind: Kind | Literal["measured"]
    text: str
    as_of: str
    value: float
    age_months: int
    low: float | None = None
    """The lower end of the range that a fact's source states, of the 95 % interval that so few probes allow, or of that
    of a measured ratio."""
    high: float | None = None
    stale: bool = False
    """Set for a fact."""
    record: bool = False
    """Whether a fact holds until it is beaten, and so is never stale."""
    method: str = ""
    """Set for a fact."""
    definition: str = ""
    """Which of several ways of counting it is, or which device; answers are comparable where it is the same."""
    name: str = ""
    """Set for a fact."""
    unit: str = ""
    """Set for a fact."""
    nodeids: list[str] = []
    """Set for a measurement."""
    runs: list[str] = []
    """Set for a measurement."""
    machines: list[str] = []
    """Set for a measurement in which another than the run's own machine has part."""
    rounds: int = 0
    """Set for a measurement."""
    rival: str = ""
    """Set for cases: the other framework of the ratio, the best of the others."""
    by_model: list[ModelRatio] = []
    """Set for cases: the ratio of each model; ``value`` is the geometric mean over all cells."""


class CardFinding(msgspec.Struct, forbid_unknown_fields=True):
    """The answer to one criterion."""

    criterion: str
    question: str
    weight: float
    value: float | None
    unit: str
    score: float | None
    stale_score: float | None
    """What a stale answer counts for in the mean; it covers nothing."""
    limit: str
    """Why it counts for less than its value would get; empty where it gets it all."""
    reason: str
    note: str
    sources: list[CardSource]
    beside: list[CardSource]


class CardDimension(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One dimension; ``raw`` is unrounded."""

    title: str
    score: float | None
    raw: float | None
    basis: str
    since: str
    coverage: float
    answered: int
    stale: int
    asked: int
    reason: str
    verdict: str
    findings: list[CardFinding]


class CardFact(msgspec.Struct, forbid_unknown_fields=True):
    """A fact that enters no score, with what says something else."""

    key: str
    name: str
    unit: str
    sources: list[CardSource]


class CardTopic(msgspec.Struct, forbid_unknown_fields=True):
    """What is told of one topic, and enters no score."""

    topic: str
    name: str
    section: Section
    facts: list[CardFact]
    statements: list[DatedStatement]


class MainDimension(CardDimension):
    """One dimension of the Speed Score."""

    interval: Interval
    topics: list[CardTopic]


class DimensionBeside(CardDimension):
    """The same dimension on another basis."""

    dimension: Dimension


class CardLayerFact(msgspec.Struct, forbid_unknown_fields=True):
    """One fact about a layer."""

    key: str
    name: str
    unit: str
    source: CardSource
    beside: list[CardSource]


class CardLayer(msgspec.Struct, forbid_unknown_fields=True):
    """A library that stands on the framework."""

    library: str
    name: str
    purpose: str
    grade: str | None
    reason: str
    facts: list[CardLayerFact]


class CardGradeLoss(msgspec.Struct, forbid_unknown_fields=True):
    """The grade that one fact alone would leave, if it fell below a limit of the present one."""

    fact: str
    below: float
    grade: str


class LayerOfItsOwn(CardLayer):
    """A layer that was asked for by name; ``facts`` are all that is known of it."""

    stands_on: list[str]
    grades: list[GradeLimits]
    losses: list[CardGradeLoss]
    topics: list[CardTopic]
    lines: list[MeasuredLine]


class Card(msgspec.Struct, forbid_unknown_fields=True):
    """All about one framework."""

    name: str
    speed_score: float | None
    speed_score_interval: Interval
    of_lone_processes: list[str]
    """Names of the criteria whose ratio was measured in one process a case: how far another would differ is unknown."""
    reason: str
    dormant: bool
    dimensions: dict[Dimension, MainDimension]
    beside: list[DimensionBeside]
    strengths: list[str]
    weaknesses: list[str]
    best_for: list[str]
    avoid_if: list[str]
    instead: dict[str, str]
    """Of ``avoid_if`` → name of the framework that answers that need best; left out where nobody does better."""
    variants: list[ScoredVariant]
    """Which line of the matrix it is scored as, on each device that it was measured on."""
    other_variants: list[OtherVariant]
    """Its Performance with other variants that might as well be scored, its own and those of others."""
    layers: list[CardLayer]
    topics: list[CardTopic]
    """Of no dimension: they stand with the sentences and the layers."""
    other_facts: list[CardFact]


class MissingCase(msgspec.Struct, forbid_unknown_fields=True):
    """A case that was selected and not measured."""

    case: str
    reason: str


class CardCoverage(msgspec.Struct, forbid_unknown_fields=True):
    """How much of the matrix one run measured on one device."""

    run: str
    device: str
    measured: int
    selected: int
    missing: list[MissingCase]


class CardComparison(msgspec.Struct, forbid_unknown_fields=True):
    """Which frameworks are ranked, and on which questions."""

    ranked: list[str]
    questions: list[ComparedQuestion]
    omitted: list[OmittedQuestion]
    unranked: list[UnrankedFramework]


class CardClaim(msgspec.Struct, forbid_unknown_fields=True):
    """What somebody says of two frameworks' speed, or timed without a side, and what was measured of it."""

    claim: Claim
    sides: tuple[str, str]
    """The line that the claim names, or the framework's name for people; then the same of its rival."""
    judgement: Judgement | None
    """None of a neutral pair of timings, which claims nothing."""
    reason: str
    """Why it cannot be tested here; empty where it is judged."""
    tests: list[ClaimTest]
    remarks: list[str]
    """How the tests differ from what was claimed."""
    beside: list[str]
    """Ids of the neutral pairs of timings of the same two frameworks, phase and model."""


class CardDocument(msgspec.Struct, forbid_unknown_fields=True):
    """What ``speedscore card --format json`` prints."""

    schema_version: int
    rubric_version: int
    snapshot: str
    as_of: str
    """``YYYY-MM``: the month to which ages are counted."""
    policy: Policy
    weights: dict[Dimension, float]
    departures: list[str]
    """What of policy and weights is not the rubric's own."""
    asked: list[str]
    """Frameworks and layers that the document holds cards of."""
    frameworks: dict[str, Card]
    comparison: CardComparison
    layers: dict[str, LayerOfItsOwn]
    sensitivity: Sensitivity | None
    runs: list[RunSummary]
    coverage: list[CardCoverage]
    medians: list[MeasuredCell]
    shapes: dict[str, str]
    worst_error_over_tolerance: float | None
    claims: list[CardClaim]
    """About the frameworks of the document; they enter no score."""


def schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, of the newest version."""
    # By way of JSON, in which a default that is an empty tuple is an empty list.
    described: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(CardDocument)))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"speedscore card, schema version {SCHEMA_VERSION}",
        **described,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=2) + "\n")
