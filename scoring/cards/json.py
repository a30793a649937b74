"""The card as JSON, for programs: every figure unrounded beside its rounded form, every source. It computes nothing."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from scoring.findings import Finding, Source
from scoring.scores import DimensionScore, Report, ScoreCard

SCHEMA_VERSION = 1
"""Raised when a field changes its meaning or goes; a new field does not raise it."""


def render(report: Report, *, width: int) -> str:  # noqa: ARG001
    """One JSON object; ``width`` means nothing here."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "snapshot": report.snapshot,
        "rubric_version": report.rubric_version,
        "frameworks": {card.framework: _card(card) for card in report.cards},
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
        "speed_score_range": [round(end, 2) for end in card.speed_score_range],
        "reason": card.reason,
        "dimensions": {dimension.dimension: _dimension(dimension) for dimension in card.dimensions},
        "beside": [{"dimension": other.dimension, **_dimension(other)} for other in card.beside],
        "strengths": card.strengths,
        "weaknesses": card.weaknesses,
        "best_for": card.best_for,
        "avoid_if": card.avoid_if,
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
        "asked": len(dimension.findings),
        "reason": dimension.reason,
        "findings": [_finding(finding) for finding in dimension.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "criterion": finding.criterion.id,
        "question": finding.criterion.question,
        "weight": finding.criterion.weight,
        "value": finding.value,
        "unit": finding.criterion.unit,
        "score": finding.score,
        "reason": finding.reason,
        "note": finding.note,
        "sources": [_source(source) for source in finding.sources],
        "beside": [_source(source) for source in finding.beside],
    }


def _source(source: Source) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(source)
    unused = ("method", "name", "low", "high") if source.kind == "measured" else ("nodeids", "runs", "rounds")
    return {name: value for name, value in fields.items() if name not in unused}
