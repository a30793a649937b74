"""All that is said about one library that stands on frameworks: its grade, what would change it, and what is known.

A layer has no Speed Score: it is used together with a framework, which has one. What its lines of the matrix measured
is taken from the framework's variants and estimated nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from speedscore.record.phases import DeviceName
from speedscore.scoring.evidence.evidence import Evidence
from speedscore.scoring.findings.finding import Finding
from speedscore.scoring.findings.findings import judge
from speedscore.scoring.findings.topics import KnownFact, TopicAnswer, answer_topics, known_facts
from speedscore.scoring.findings.variants import ScoredVariant
from speedscore.scoring.rubric.maturity_grade import MaturityGrade
from speedscore.scoring.rubric.rubric import Rubric
from speedscore.scoring.scores.maturity import GradedLayer, first_reached, grade_layer


class Limit(msgspec.Struct, frozen=True):
    """One limit of a grade, and how the library stands to it."""

    key: str
    name: str
    """For people."""
    unit: str
    least: float
    value: float | None
    """None where it is unknown or stale."""
    reached: bool | None
    """None where nobody knows."""


class GradeLimits(msgspec.Struct, frozen=True):
    """One grade of the rubric, and how the library stands to it."""

    grade: str
    reason: str
    limits: tuple[Limit, ...]
    """Empty for the last grade, which asks nothing."""


class GradeLoss(msgspec.Struct, frozen=True):
    """What one fact alone would make of the grade."""

    limit: Limit
    """A limit of its present grade, below which the fact would fall."""
    grade: str
    """Which it would have then."""


class MeasuredLine(msgspec.Struct, frozen=True):
    """One of its lines of the matrix, on one device."""

    line: str
    """As in ``flax-nnx``."""
    framework: str
    """Whose variant it is, by fixture folder."""
    device: DeviceName
    scored_as: str
    """The variant that the framework is scored as."""
    times_as_fast: float | None
    """As the scored variant, in training; 1 for the scored one itself, None where no model was completed by both."""


class LayerCard(msgspec.Struct, frozen=True):
    """All that is said about one layer."""

    layer: GradedLayer
    stands_on: dict[str, str]
    """The frameworks that it stands on: fixture folder → name for people."""
    grades: tuple[GradeLimits, ...]
    """Every grade, the best first."""
    losses: tuple[GradeLoss, ...]
    """For each limit of the grade that it has; empty where the grade is unknown, or the last."""
    answers: tuple[Finding, ...]
    """The rubric's questions that its facts answer. Their points are a framework's and stand on no card."""
    facts: tuple[KnownFact, ...]
    """All that is known, in the rubric's order; those behind the grade among them."""
    topics: tuple[TopicAnswer, ...]
    """What sources say of it in words."""
    lines: tuple[MeasuredLine, ...]


def make_layer_card(
    rubric: Rubric, evidence: Evidence, *, library: str, variants: Mapping[str, Sequence[ScoredVariant]]
) -> LayerCard:
    """The card of one layer; ``variants`` are those that each framework is scored as."""
    layer = grade_layer(rubric, evidence, library=library)
    stands_on = evidence.stands_on(library)
    answers = judge(rubric, evidence, frameworks=[library], device=None)[library]
    grades = tuple(_limits(rubric, grade, layer) for grade in rubric.maturity)
    return LayerCard(
        layer=layer,
        stands_on={framework: evidence.names.get(framework, framework) for framework in stands_on},
        grades=grades,
        losses=tuple(_losses(rubric, layer, grades)),
        answers=tuple(finding for finding in answers if finding.value is not None),
        facts=known_facts(rubric, evidence, framework=library, keys=rubric.facts),
        topics=tuple(answer for answer in answer_topics(rubric, evidence, framework=library) if answer.statements),
        lines=tuple(
            line
            for framework in stands_on
            for variant in variants.get(framework, ())
            for line in _lines(library, framework, variant)
        ),
    )


def _limits(rubric: Rubric, grade: MaturityGrade, layer: GradedLayer) -> GradeLimits:
    known = {fact.key: fact.source.value for fact in layer.facts if not fact.source.stale}
    return GradeLimits(
        grade=grade.grade,
        reason=grade.reason,
        limits=tuple(
            Limit(
                key=key,
                name=rubric.fact_name(key),
                unit=rubric.facts[key].unit,
                least=least,
                value=known.get(key),
                reached=known[key] >= least if key in known else None,
            )
            for key, least in grade.least.items()
        ),
    )


def _losses(rubric: Rubric, layer: GradedLayer, grades: Sequence[GradeLimits]) -> Iterator[GradeLoss]:
    values = {fact.key: fact.source.value for fact in layer.facts}
    for limit in next((each.limits for each in grades if each.grade == layer.grade), ()):
        below = first_reached(rubric.maturity, {**values, limit.key: math.nextafter(limit.least, -math.inf)})
        yield GradeLoss(limit=limit, grade=below.grade)


def _lines(library: str, framework: str, variant: ScoredVariant) -> Iterator[MeasuredLine]:
    """Those of one framework on one device that are the library's: its name, or its name and a suffix."""
    speeds = {variant.line: 1.0, **{beside.line: beside.times_as_fast for beside in variant.beside}}
    for line, times_as_fast in sorted(speeds.items()):
        if line == library or line.startswith(f"{library}-"):
            yield MeasuredLine(
                line=line,
                framework=framework,
                device=variant.device,
                scored_as=variant.line,
                times_as_fast=times_as_fast,
            )
