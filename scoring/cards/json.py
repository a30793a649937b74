"""The card as JSON, for programs: every figure unrounded beside its rounded form, every source. It computes nothing."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from speedscore.scoring.claims.judging import JudgedClaim
from speedscore.scoring.findings.finding import Finding, Source
from speedscore.scoring.findings.topics import KnownFact, TopicAnswer
from speedscore.scoring.rubric.criterion import DIMENSIONS
from speedscore.scoring.scores.dimension_score import DimensionScore
from speedscore.scoring.scores.layer_card import LayerCard
from speedscore.scoring.scores.maturity import GradedLayer
from speedscore.scoring.scores.score_card import ScoreCard
from speedscore.scoring.scores.score_report import ScoreReport

SCHEMA_VERSION = 4
"""Raised when a field changes its meaning or goes; a new field does not raise it.

4 (2026-11): ``of_lone_processes`` in place of ``lone_process``; a measured ``value`` is to the framework that is best
over all models, no longer to the best at each; its source has the ratio's interval as ``low`` and ``high``.
3 (2026-11): a stale answer counts for its ``stale_score`` in the mean; ``as_of``, to which ages are counted;
``sensitivity`` is of the questions in ``comparison`` alone.
2 (2026-11): ``speed_score_interval`` in place of ``speed_score_range``, which took only whole dimensions as unknown.
1 (2026-11): the first form.
"""


def render(report: ScoreReport, *, width: int) -> str:  # noqa: ARG001
    """One JSON object; ``width`` means nothing here."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "snapshot": report.snapshot,
        "as_of": report.as_of,
        "rubric_version": report.rubric_version,
        "policy": msgspec.to_builtins(report.policy),
        "weights": report.weights,
        "departures": report.departures,
        # What is missing below would otherwise not be missed.
        "asked": [*(card.framework for card in report.cards), *(card.layer.library for card in report.layers)],
        "frameworks": {card.framework: _card(card) for card in report.cards},
        "layers": {card.layer.library: _layer_card(card) for card in report.layers},
        "comparison": {
            "ranked": report.comparison.ranked,
            "questions": msgspec.to_builtins(report.comparison.questions),
            "omitted": msgspec.to_builtins(report.comparison.omitted),
            "unranked": msgspec.to_builtins(report.comparison.unranked),
        },
        "sensitivity": msgspec.to_builtins(report.sensitivity),
        "runs": msgspec.to_builtins(report.runs),
        "coverage": [
            {
                **msgspec.to_builtins(line),
                "missing": [{"case": case, "reason": reason} for case, reason in line.missing],
            }
            for line in report.coverage
        ],
        "medians": msgspec.to_builtins(report.cells),
        "shapes": report.shapes,
        "worst_error_over_tolerance": report.worst_error,
        "claims": [_claim(judged) for judged in report.claims],
    }
    return json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _card(card: ScoreCard) -> dict[str, Any]:
    return {
        "name": card.name,
        "speed_score": None if card.speed_score is None else round(card.speed_score, 2),
        "speed_score_interval": msgspec.to_builtins(card.uncertainty.speed_score),
        "of_lone_processes": card.uncertainty.of_lone_processes,
        "reason": card.reason,
        "dormant": card.dormant,
        "dimensions": {
            dimension.dimension: {
                **_dimension(dimension),
                "interval": msgspec.to_builtins(card.uncertainty.dimensions[dimension.dimension]),
                "topics": [_topic(answer) for answer in card.topics if answer.topic.section == dimension.dimension],
            }
            for dimension in card.dimensions
        },
        "beside": [{"dimension": dimension.dimension, **_dimension(dimension)} for dimension in card.beside],
        "strengths": card.strengths,
        "weaknesses": card.weaknesses,
        "best_for": card.best_for,
        "avoid_if": card.avoid_if,
        "instead": card.instead,
        "variants": msgspec.to_builtins(card.variants),
        "other_variants": msgspec.to_builtins(card.other_variants),
        "layers": [_layer(layer) for layer in card.layers],
        "topics": [_topic(answer) for answer in card.topics if answer.topic.section not in DIMENSIONS],
        "other_facts": [_known_fact(fact) for fact in card.other_facts],
    }


def _claim(judged: JudgedClaim) -> dict[str, Any]:
    # The neutral pairs beside it stand in the list themselves.
    return {**msgspec.to_builtins(judged), "beside": [claim.id for claim in judged.beside]}


def _dimension(dimension: DimensionScore) -> dict[str, Any]:
    return {
        "title": dimension.title,
        "score": dimension.score,
        "raw": dimension.raw,
        "basis": dimension.basis,
        "since": dimension.since,
        "coverage": dimension.coverage,
        "answered": dimension.answered,
        "stale": dimension.stale,
        "asked": len(dimension.findings),
        "reason": dimension.reason,
        "verdict": dimension.verdict,
        "findings": [_finding(finding) for finding in dimension.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "criterion": finding.criterion.id,
        "question": finding.criterion.question,
        "weight": finding.criterion.weight,
        "value": finding.value,
        "unit": (finding.rule or finding.criterion.answers[0]).unit,
        "score": finding.score,
        "stale_score": finding.stale_score,
        "limit": finding.limit,
        "reason": finding.reason,
        "note": finding.note,
        "sources": [_source(source) for source in finding.sources],
        "beside": [_source(source) for source in finding.beside],
    }


def _layer(layer: GradedLayer) -> dict[str, Any]:
    return {
        "library": layer.library,
        "name": layer.name,
        "purpose": layer.purpose,
        "grade": layer.grade,
        "reason": layer.reason,
        "facts": [_layer_fact(fact) for fact in layer.facts],
    }


def _layer_card(card: LayerCard) -> dict[str, Any]:
    return {
        **_layer(card.layer),
        "stands_on": list(card.stands_on),
        "grades": msgspec.to_builtins(card.grades),
        "losses": [{"fact": loss.limit.key, "below": loss.limit.least, "grade": loss.grade} for loss in card.losses],
        "facts": [_layer_fact(fact) for fact in card.facts],
        "topics": [_topic(answer) for answer in card.topics],
        "lines": msgspec.to_builtins(card.lines),
    }


def _layer_fact(fact: KnownFact) -> dict[str, Any]:
    return {
        "key": fact.key,
        "name": fact.name,
        "unit": fact.unit,
        "source": _source(fact.source),
        "beside": [_source(source) for source in fact.beside],
    }


def _topic(answer: TopicAnswer) -> dict[str, Any]:
    return {
        "topic": answer.id,
        "name": answer.topic.name,
        "section": answer.topic.section,
        "facts": [_known_fact(fact) for fact in answer.facts],
        "statements": msgspec.to_builtins(answer.statements),
    }


def _known_fact(fact: KnownFact) -> dict[str, Any]:
    return {
        "key": fact.key,
        "name": fact.name,
        "unit": fact.unit,
        "sources": [_source(source) for source in fact.sources],
    }


def _source(source: Source) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(source)
    of_facts = ("method", "name", "stale", "record", "unit")
    of_measurements = ("nodeids", "runs", "machines", "rounds", "rival", "by_model")
    unused = of_facts if source.kind == "measured" else of_measurements
    # Probes are held against nobody, and where no machine is named it is the run's own, which "runs" names.
    empty = [name for name in ("machines", "rival", "by_model") if not fields[name]]
    return {name: value for name, value in fields.items() if name not in (*unused, *empty)}
