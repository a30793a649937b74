"""Speed Scores of finished findings under other weights than the rubric's, for asking how much an order hangs on them.

It scores nothing anew: findings are taken as they are and weighed otherwise. Scores are not rounded here: rounding to
half points would make ties of differences and differences of ties.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence

from speedscore.scoring.findings.finding import Finding
from speedscore.scoring.rubric.criterion import DIMENSIONS, Criterion, Dimension

DimensionWeights = Mapping[Dimension, float]
Profile = dict[Dimension, list[Finding]]
"""The findings of a comparison about one framework; a dimension that weighs has at least one."""


def make_profile(findings: Iterable[Finding]) -> Profile:
    """The findings by dimension; of a comparison, so that all of them are answered."""
    profile: Profile = {dimension: [] for dimension in DIMENSIONS}
    for finding in findings:
        profile[finding.criterion.dimension].append(finding)
    return profile


class Weighing:
    """One choice of weights; a criterion without an entry among ``criteria`` has the rubric's."""

    def __init__(self, dimensions: DimensionWeights, criteria: Mapping[str, float] | None = None) -> None:
        self.dimensions = dimensions
        self._criteria = criteria or {}

    def criterion(self, criterion: Criterion) -> float:
        """The weight of a criterion within its dimension."""
        return self._criteria.get(criterion.id, criterion.weight)

    def dimension_score(self, findings: Sequence[Finding]) -> float:
        """0 to 10. A dimension in which nothing weighs anything any more has the plain mean."""
        weighted = [(self.criterion(finding.criterion), finding.score or 0.0) for finding in findings]
        total = math.fsum(weight for weight, _ in weighted)
        if not total:
            return statistics.fmean(score for _, score in weighted)
        return math.fsum(weight * score for weight, score in weighted) / total

    def speed_score(self, profile: Profile) -> float:
        """0 to 10, unrounded."""
        total = math.fsum(self.dimensions.values())
        parts = (
            self.dimensions[dimension] * self.dimension_score(findings)
            for dimension, findings in profile.items()
            if self.dimensions[dimension]
        )
        return math.fsum(parts) / total

    def share(self, finding: Finding, profile: Profile) -> float:
        """Points of the Speed Score for a point of the criterion; the smallest number that can be divided by for 0."""
        dimension = finding.criterion.dimension
        within = math.fsum(self.criterion(answered.criterion) for answered in profile[dimension])
        among = math.fsum(self.dimensions.values())
        share = self.criterion(finding.criterion) / within * self.dimensions[dimension] / among if within else 0.0
        return max(share, math.ulp(0.0))

    def with_dimension(self, dimension: Dimension, weight: float) -> Weighing:
        return Weighing({**self.dimensions, dimension: weight}, self._criteria)

    def with_criterion(self, criterion: Criterion, weight: float) -> Weighing:
        return Weighing(self.dimensions, {**self._criteria, criterion.id: weight})


def rank(scores: Mapping[str, float]) -> tuple[str, ...]:
    """The best first; of equals the first by name."""
    return tuple(sorted(scores, key=lambda framework: (-round(scores[framework], 9), framework)))
