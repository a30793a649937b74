"""One dimension of one framework: the weighted mean of its answered criteria, with its coverage.

Unanswered criteria leave both sums, and the share of the weight that was answered is the coverage. A stale answer stays
in both sums with at most the policy's points and covers nothing, so that no score rises by waiting. Where the coverage
is not enough there is no score, and the reason says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

import msgspec

from speedscore.scoring.findings.finding import Finding
from speedscore.scoring.rubric.criterion import Dimension
from speedscore.scoring.rubric.rubric import Rubric
from speedscore.scoring.rubric.score_sentence import ScoreSentence
from speedscore.scoring.scores.coverage import Coverage, cover, is_enough, why_not_enough


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
    """Weighted mean of what was answered, stale or not, unrounded; None when nothing was."""
    coverage: float
    """Freshly answered weight over asked weight, 0 to 1."""
    findings: tuple[Finding, ...]
    reason: str = ""
    """Why there is no score."""
    verdict: str = ""
    """What the score means in a sentence; empty where there is no score, or no sentence whose claims hold."""

    @property
    def measured(self) -> bool:
        """True where a measurement answered anything."""
        return any(finding.measured for finding in self.findings)

    @property
    def shares(self) -> tuple[tuple[Finding, float], ...]:
        """What is answered, stale or not, each with its part of the weight that the score rests on."""
        counted = [finding for finding in self.findings if finding.points is not None]
        weight = math.fsum(finding.criterion.weight for finding in counted)
        return tuple((finding, finding.criterion.weight / weight) for finding in counted) if weight else ()

    @property
    def answered(self) -> int:
        return sum(finding.known for finding in self.findings)

    @property
    def stale(self) -> int:
        """Answers that are too old to cover anything."""
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
    weighted = [(finding.criterion.weight, finding.points) for finding in asked if finding.points is not None]
    weight = math.fsum(weight for weight, _ in weighted)
    raw = math.fsum(weight * points for weight, points in weighted) / weight if weight else None
    coverage = cover(
        [finding.criterion for finding in asked], {finding.criterion.id for finding in asked if finding.known}
    )
    score = (
        round_half_up(raw, rubric.policy.round_to) if raw is not None and is_enough(coverage, rubric.policy) else None
    )
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
        coverage=coverage.share,
        findings=asked,
        reason=_lack_of_evidence(rubric, asked, coverage) if score is None else "",
        verdict="" if score is None else _verdict(rubric.verdicts[dimension], score, asked),
    )


def _lack_of_evidence(rubric: Rubric, asked: Sequence[Finding], coverage: Coverage) -> str:
    reason = f"not enough evidence: {why_not_enough(coverage, rubric.policy) or 'nothing that weighs is asked'}"
    if stale := math.fsum(finding.criterion.weight for finding in asked if finding.stale):
        total = math.fsum(finding.criterion.weight for finding in asked)
        reason += f"; the answers to another {stale / total * 100:.0f} % are stale"
    return reason


def _verdict(verdicts: Sequence[ScoreSentence], score: float, asked: Sequence[Finding]) -> str:
    """The first sentence whose score is reached and whose claims fresh answers bear out; empty where there is none."""
    answers: dict[str, list[tuple[float, float]]] = {}
    for finding in asked:
        if finding.score is not None:
            for name in filter(None, (finding.criterion.id, finding.criterion.group)):
                answers.setdefault(name, []).append((finding.criterion.weight, finding.score))
    means = {name: fmean([score for _, score in own], [weight for weight, _ in own]) for name, own in answers.items()}
    return next(
        (
            verdict.sentence
            for verdict in verdicts
            if score >= verdict.start
            and all(name in means and means[name] >= least for name, least in verdict.claims.items())
        ),
        "",
    )
