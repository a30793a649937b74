"""One dimension of one framework: the weighted mean of its answered criteria, with its coverage.

Unanswered criteria leave both sums, and the share of the weight that was answered is the coverage; a stale answer is
carried along and counts as none. Under the policy's least coverage there is no score, and the reason says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from speedscore.scoring.findings.findings import Finding
from speedscore.scoring.rubric.criterion import Dimension
from speedscore.scoring.rubric.rubric import Rubric


class DimensionScore(msgspec.Struct, frozen=True):
    """One dimension of one framework."""

    dimension: Dimension
    title: str
    basis: str
    """What answered: ``published facts``, ``measured on <device>`` or ``measured by probes``."""
    since: str
    """Month of the facts, the framework's own measured and selected cases on the device, or how many probes."""
    score: float | None
    """Rounded by the policy; None when there is not enough evidence."""
    raw: float | None
    """Weighted mean of what was answered, unrounded; None when nothing was."""
    coverage: float
    """Answered weight over asked weight, 0 to 1."""
    findings: tuple[Finding, ...]
    reason: str = ""
    """Why there is no score."""
    verdict: str = ""
    """What the score means in a sentence; empty where there is none."""

    @property
    def measured(self) -> bool:
        """True where a measurement answered anything."""
        return any(finding.measured for finding in self.findings)

    @property
    def answered(self) -> int:
        return sum(finding.known for finding in self.findings)

    @property
    def stale(self) -> int:
        """Answers that are shown and do not count."""
        return sum(finding.stale for finding in self.findings)


def round_half_up(value: float, step: float) -> float:
    """To the nearest multiple of ``step``, halves up; what binary fractions lose below 1e-9 is not counted."""
    return math.floor(round(value / step, 9) + 0.5) * step


def score_dimension(
    rubric: Rubric,
    dimension: Dimension,
    findings: Sequence[Finding],
    *,
    snapshot: str,
    device: str | None = None,
    cases: str = "",
) -> DimensionScore:
    """Weighted mean, coverage and rounding for one dimension; ``cases`` says how many of ``device`` were measured."""
    asked = tuple(finding for finding in findings if finding.criterion.dimension == dimension)
    total = math.fsum(finding.criterion.weight for finding in asked)
    weighted = [(finding.criterion.weight, finding.score) for finding in asked if finding.score is not None]
    answered = math.fsum(weight for weight, _ in weighted)
    raw = math.fsum(weight * score for weight, score in weighted) / answered if answered else None
    coverage = answered / total if total else 0.0
    enough = round(coverage, 9) >= rubric.policy.minimum_coverage
    score = round_half_up(raw, rubric.policy.round_to) if raw is not None and enough else None
    probes = [source for finding in asked if finding.probed is not None for source in finding.sources]
    if any(finding.measured and finding.probed is None for finding in asked):
        basis, since = f"measured on {device}", cases
    elif probes:
        count = len({nodeid for source in probes for nodeid in source.nodeids})
        basis, since = "measured by probes", f"{count} {'probe' if count == 1 else 'probes'}"
    else:
        basis, since = "published facts", snapshot
    return DimensionScore(
        dimension=dimension,
        title=rubric.dimensions[dimension],
        basis=basis,
        since=since,
        score=score,
        raw=raw,
        coverage=coverage,
        findings=asked,
        reason=_lack_of_evidence(rubric, asked, coverage) if score is None else "",
        verdict="" if score is None else rubric.verdict(dimension, score),
    )


def _lack_of_evidence(rubric: Rubric, asked: Sequence[Finding], coverage: float) -> str:
    needed = rubric.policy.minimum_coverage
    reason = f"not enough evidence: {coverage * 100:.0f} % of the weight is answered, {needed * 100:.0f} % is needed"
    if stale := math.fsum(finding.criterion.weight for finding in asked if finding.stale):
        total = math.fsum(finding.criterion.weight for finding in asked)
        reason += f"; the answers to another {stale / total * 100:.0f} % are stale"
    return reason
