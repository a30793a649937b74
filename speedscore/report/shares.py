"""Of each dimension's weight the shares by what answers: measured here, published, stale, or nothing.

It counts the weights of finished answers.
"""

from __future__ import annotations

import math

from speedscore.report.charts.shares import KINDS
from speedscore.scoring.findings.finding import Finding
from speedscore.scoring.scores.dimension_score import DimensionScore


def kind_of(finding: Finding) -> str:
    """One of ``KINDS``: a stale answer is stale whatever it was."""
    measured, published, stale, unknown = KINDS
    if finding.points is None:
        return unknown
    if finding.stale:
        return stale
    return measured if finding.measured else published


def shares(dimension: DimensionScore) -> dict[str, float]:
    """By kind its share of the asked weight, 0 to 1, all kinds in their order; all unknown where nothing weighs."""
    total = math.fsum(finding.criterion.weight for finding in dimension.findings)
    by_kind = {
        kind: math.fsum(finding.criterion.weight for finding in dimension.findings if kind_of(finding) == kind)
        for kind in KINDS
    }
    return {kind: weight / total if total else float(kind == list(KINDS)[-1]) for kind, weight in by_kind.items()}
