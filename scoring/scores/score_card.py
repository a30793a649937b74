"""All that is said about one framework: its dimensions, its Speed Score, and what follows from them in words.

The Speed Score is the mean of the five rounded dimension scores, by the rubric's weights, and exists only when all that
weigh anything do: a mean over fewer would compare frameworks by different questions. Nothing here reads a file or knows
a framework.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import msgspec

from speedscore.record.phases import FLOAT32, DeviceName
from speedscore.scoring.evidence.evidence import Evidence
from speedscore.scoring.findings.dormancy import is_dormant
from speedscore.scoring.findings.finding import Finding
from speedscore.scoring.findings.topics import KnownFact, TopicAnswer, answer_topics, other_facts
from speedscore.scoring.findings.variants import ScoredVariant
from speedscore.scoring.rubric.criterion import DIMENSIONS, Dimension
from speedscore.scoring.rubric.policy import Policy
from speedscore.scoring.rubric.rubric import Rubric
from speedscore.scoring.scores.dimension_score import DimensionScore, score_dimension
from speedscore.scoring.scores.instead import take_instead
from speedscore.scoring.scores.maturity import GradedLayer, grade_layers
from speedscore.scoring.scores.other_variants import OtherVariant
from speedscore.scoring.scores.uncertainty import Uncertainty

Basis = DeviceName | Literal["probes"] | None
"""What answers the questions that a measurement can answer: the benchmarks of a device and the probes, the probes
alone, or None for the facts alone."""


class ScoreCard(msgspec.Struct, frozen=True):
    """All that is said about one framework."""

    framework: str
    name: str
    dimensions: tuple[DimensionScore, ...]
    beside: tuple[DimensionScore, ...]
    """The same dimensions on another basis: published where the score is measured, and the other devices."""
    weights: dict[Dimension, float]
    """Dimension → its weight in the Speed Score."""
    speed_score: float | None
    """Weighted mean of the rounded dimension scores, unrounded; None when a dimension that weighs has no score."""
    uncertainty: Uncertainty
    """How sure its scores are."""
    reason: str = ""
    """Why there is no Speed Score."""
    dormant: bool = False
    """Whether nothing was committed and nothing released in twelve months, so that its past counts for little."""
    strengths: tuple[str, ...] = ()
    weaknesses: tuple[str, ...] = ()
    best_for: tuple[str, ...] = ()
    avoid_if: tuple[str, ...] = ()
    instead: dict[str, str] = {}
    """Of ``avoid_if`` → name of the framework that answers that need best; left out where nobody does better."""
    variants: tuple[ScoredVariant, ...] = ()
    """The variant that it is scored as on each device that it was measured on, that of its score first."""
    other_variants: tuple[OtherVariant, ...] = ()
    """Its Performance with other variants that might as well be scored, its own and those of others."""
    layers: tuple[GradedLayer, ...] = ()
    """The libraries that stand on it, each with its grade."""
    topics: tuple[TopicAnswer, ...] = ()
    """What is told of it and enters no score."""
    other_facts: tuple[KnownFact, ...] = ()
    """What is known of it and neither a criterion nor a topic asks for."""


def make_card(
    rubric: Rubric,
    evidence: Evidence,
    *,
    framework: str,
    findings: Mapping[Basis, Sequence[Finding]],
    main_basis: Basis,
    uncertainty: Uncertainty,
    variants: Sequence[ScoredVariant] = (),
    other_variants: Sequence[OtherVariant] = (),
    rivals: Mapping[str, Sequence[Finding]] | None = None,
) -> ScoreCard:
    """The card of one framework, scored on ``main_basis``; the other bases stand beside it.

    ``rivals`` are the findings of each other framework by its name for people: one of them may be what to take instead.
    """
    sure = {main_basis: [_with_interval(finding, uncertainty) for finding in findings[main_basis]]}
    by_basis = {
        basis: _score_dimensions(rubric, evidence, framework, basis, answers)
        for basis, answers in (dict(findings) | sure).items()
    }
    dimensions = by_basis[main_basis]
    weighing = [dimension for dimension in dimensions if rubric.weights[dimension.dimension]]
    lacking = [dimension.title for dimension in weighing if dimension.score is None]
    answered = [finding for dimension in dimensions for finding in dimension.findings if finding.score is not None]
    policy = rubric.policy
    avoid_if = _sentences(
        dimensions, policy, uncertainty, text=lambda finding: finding.criterion.avoid_if, strong=False
    )
    return ScoreCard(
        framework=framework,
        name=evidence.names.get(framework, framework),
        dimensions=dimensions,
        beside=_beside(dimensions, list(by_basis.values())),
        weights=rubric.weights,
        speed_score=None if lacking else _speed_score(rubric, weighing),
        uncertainty=uncertainty,
        reason=f"no score for {', '.join(lacking)}" if lacking else "",
        dormant=is_dormant(rubric, evidence, framework=framework),
        strengths=_sentences(
            dimensions, policy, uncertainty, text=lambda finding: finding.criterion.strength, strong=True
        ),
        weaknesses=_sentences(
            dimensions, policy, uncertainty, text=lambda finding: finding.criterion.weakness, strong=False
        ),
        best_for=_sentences(
            dimensions, policy, uncertainty, text=lambda finding: finding.criterion.best_for, strong=True
        ),
        avoid_if=avoid_if,
        instead=take_instead(avoid_if, own=answered, rivals=rivals or {}, policy=policy),
        variants=tuple(sorted(variants, key=lambda variant: variant.device != main_basis)),
        other_variants=tuple(other_variants),
        layers=grade_layers(rubric, evidence, framework=framework),
        topics=answer_topics(rubric, evidence, framework=framework),
        other_facts=other_facts(rubric, evidence, framework=framework),
    )


def _with_interval(finding: Finding, uncertainty: Uncertainty) -> Finding:
    """The finding with the interval of its ratio, where the ratio was measured and other processes are known."""
    if finding.criterion.id not in uncertainty.ratios or finding.criterion.name in uncertainty.of_lone_processes:
        return finding
    low, high = uncertainty.ratios[finding.criterion.id]
    sources = tuple(msgspec.structs.replace(source, low=low, high=high) for source in finding.sources)
    return msgspec.structs.replace(finding, sources=sources)


def _score_dimensions(
    rubric: Rubric, evidence: Evidence, framework: str, basis: Basis, findings: Sequence[Finding]
) -> tuple[DimensionScore, ...]:
    cases = _count_cases(evidence, framework, basis)
    return tuple(
        score_dimension(rubric, dimension, findings, snapshot=evidence.snapshot, device=basis, cases=cases)
        for dimension in DIMENSIONS
    )


def _beside(
    dimensions: Sequence[DimensionScore], by_basis: Sequence[Sequence[DimensionScore]]
) -> tuple[DimensionScore, ...]:
    """The same dimensions on each other basis, where either was measured; each basis once."""
    beside: list[DimensionScore] = []
    for place, dimension in enumerate(dimensions):
        others: dict[str, DimensionScore] = {}
        for scored in by_basis:
            others.setdefault(scored[place].basis, scored[place])
        beside += [
            other
            for basis, other in others.items()
            if basis != dimension.basis and (dimension.measured or other.measured)
        ]
    return tuple(beside)


def _speed_score(rubric: Rubric, weighing: Sequence[DimensionScore]) -> float:
    weighted = math.fsum(rubric.weights[dimension.dimension] * (dimension.score or 0.0) for dimension in weighing)
    return weighted / math.fsum(rubric.weights.values())


def _sentences(
    dimensions: Sequence[DimensionScore],
    policy: Policy,
    uncertainty: Uncertainty,
    *,
    text: Callable[[Finding], str],
    strong: bool,
) -> tuple[str, ...]:
    """Sentences of the criteria beyond the policy's thresholds, those that move their dimension furthest first.

    How far is the criterion's part of what its dimension rests on, times its distance from the other end of the scale.
    What a measured ratio says is said only where it is beyond chance: its interval leaves out 1, where both are equal.
    What speaks for it bears its year where it is an old record: it scores, and says nothing sure of the present.
    """
    limit = policy.strength_from if strong else policy.weakness_to
    by_effect = [
        (
            share * (finding.score if strong else 10.0 - finding.score),
            f"{text(finding)}{_year_of_old_record(finding, policy) if strong else ''}",
        )
        for dimension in dimensions
        for finding, share in dimension.shares
        if finding.score is not None
        and text(finding)
        and (finding.score >= limit if strong else finding.score <= limit)
        and not _may_be_chance(finding, uncertainty)
    ]
    by_effect.sort(key=lambda pair: -round(pair[0], 9))
    return tuple(sentence for _, sentence in by_effect[: policy.sentences_each])


def _year_of_old_record(finding: Finding, policy: Policy) -> str:
    """As in `` (shown in 2022)``; empty for what is no record, for one younger than its kind may be elsewhere, and
    where a younger one, if a lower one, says as much."""
    years = _years_of_old_records(finding, policy)
    as_much = [each for each in finding.candidates if each.score is not None and each.score >= policy.strength_from]
    shown_since = any(not _years_of_old_records(each, policy) for each in as_much)
    return f" (shown in {min(years)})" if years and not shown_since else ""


def _years_of_old_records(finding: Finding, policy: Policy) -> list[str]:
    return [
        source.as_of[:4]
        for source in finding.sources
        if source.record and source.kind != "measured" and source.age_months > policy.stale_after_months[source.kind]
    ]


def _may_be_chance(finding: Finding, uncertainty: Uncertainty) -> bool:
    """Whether it is a measured ratio whose interval holds 1."""
    low, high = uncertainty.ratios.get(finding.criterion.id, (math.inf, math.inf))
    return low <= 1 <= high


def _count_cases(evidence: Evidence, framework: str, device: str | None) -> str:
    """How many of a framework's cases on one device were measured, as in ``8 of 9 cases``."""
    selected = [
        case
        for run in evidence.runs
        for case in run.record.cases
        if (case.ecosystem, case.device, case.precision) == (framework, device, FLOAT32)
    ]
    return f"{sum(case.status == 'measured' for case in selected)} of {len(selected)} cases"
