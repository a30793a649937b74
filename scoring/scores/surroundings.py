"""What a card is read beside: the other frameworks' scores, and the framework's own earlier ones.

Earlier scores follow the same rubric from the facts alone. Nothing here changes a score.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from speedscore.scoring.evidence.evidence import gather
from speedscore.scoring.facts.snapshots import Snapshot
from speedscore.scoring.findings.findings import judge
from speedscore.scoring.rubric.criterion import DIMENSIONS, Dimension
from speedscore.scoring.rubric.rubric import Rubric
from speedscore.scoring.scores.dimension_score import score_dimension
from speedscore.scoring.scores.score_report import ScoreReport


class Earlier(msgspec.Struct, frozen=True):
    """A score that an earlier snapshot gave."""

    month: str
    """``YYYY-MM``."""
    score: float
    """0 to 10, rounded by the policy."""


class EarlierScores(msgspec.Struct, frozen=True):
    """The newest that earlier snapshots gave one framework, from facts alone."""

    dimensions: Mapping[Dimension, Earlier] = {}
    """Left out where no earlier snapshot had a score."""
    speed_score: Earlier | None = None
    """Unrounded, as the Speed Score is; None where no earlier snapshot had all that weigh."""


class Surroundings(msgspec.Struct, frozen=True):
    """What the cards of a report are read beside."""

    report: ScoreReport
    """Covers every framework that the evidence knows, those of the cards among them."""
    earlier: Mapping[str, EarlierScores] = {}
    """Framework → its earlier scores."""


def earlier_scores(
    rubric: Rubric, snapshots: Iterable[Snapshot], *, frameworks: Sequence[str], before: str
) -> dict[str, EarlierScores]:
    """By framework the newest scores that snapshots before ``before`` (YYYY-MM) gave, each with its month."""
    known = tuple(snapshots)
    newest = {framework: EarlierScores() for framework in frameworks}
    for month in sorted({snapshot.month for snapshot in known if snapshot.month < before}, reverse=True):
        lacking = [name for name, scores in newest.items() if len(scores.dimensions) < len(DIMENSIONS)]
        lacking += [name for name, scores in newest.items() if scores.speed_score is None and name not in lacking]
        if not lacking:
            break
        evidence = gather(known, month=month, kind_order=rubric.policy.kind_order)
        for framework, findings in judge(rubric, evidence, frameworks=lacking, device=None).items():
            scores = {
                dimension: Earlier(month=month, score=score)
                for dimension in DIMENSIONS
                if (score := score_dimension(rubric, dimension, findings, snapshot=month).score) is not None
            }
            so_far = newest[framework]
            newest[framework] = EarlierScores(
                dimensions=scores | dict(so_far.dimensions),
                speed_score=so_far.speed_score or _speed_score(rubric, scores, month=month),
            )
    return newest


def _speed_score(rubric: Rubric, scores: Mapping[Dimension, Earlier], *, month: str) -> Earlier | None:
    """The weighted mean of one month's rounded scores; None where one that weighs is missing."""
    weights = {dimension: weight for dimension, weight in rubric.weights.items() if weight}
    if weights.keys() - scores.keys():
        return None
    weighted = math.fsum(weight * scores[dimension].score for dimension, weight in weights.items())
    return Earlier(month=month, score=weighted / math.fsum(weights.values()))
