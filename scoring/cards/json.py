"""The card as JSON, for programs: every figure unrounded beside its rounded form, every source. It computes nothing."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from speedscore.scoring.findings.findings import Finding, Source
from speedscore.scoring.scores.dimension_score import DimensionScore
from speedscore.scoring.scores.maturity import GradedLayer
from speedscore.scoring.scores.score_card import ScoreCard
from speedscore.scoring.scores.score_report import ScoreReport

SCHEMA_VERSION = 3
"""Raised when a field changes its meaning or goes; a new field does not raise it.

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
        "frameworks": {card.framework: _card(card) for card in report.cards},
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
    }
    return json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _card(card: ScoreCard) -> dict[str, Any]:
    return {
        "name": card.name,
        "speed_score": None if card.speed_score is None else round(card.speed_score, 2),
        "speed_score_interval": msgspec.to_builtins(card.uncertainty.speed_score),
        "reason": card.reason,
        "dimensions": {
            dimension.dimension: {
                **_dimension(dimension),
                "interval": msgspec.to_builtins(card.uncertainty.dimensions[dimension.dimension]),
            }
            for dimension in card.dimensions
        },
        "beside": [{"dimension": dimension.dimension, **_dimension(dimension)} for dimension in card.beside],
        "strengths": card.strengths,
        "weaknesses": card.weaknesses,
        "best_for": card.best_for,
        "avoid_if": card.avoid_if,
        "variants": msgspec.to_builtins(card.variants),
        "layers": [_layer(layer) for layer in card.layers],
    }


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
        "facts": [
            {"key": fact.key, "name": fact.name, "unit": fact.unit, "source": _source(fact.source)}
            for fact in layer.facts
        ],
    }


def _source(source: Source) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(source)
    of_facts, of_measurements = ("method", "name", "low", "high", "stale"), ("nodeids", "runs", "rounds")
    unused = of_facts if source.kind == "measured" else of_measurements
    return {name: value for name, value in fields.items() if name not in unused}
