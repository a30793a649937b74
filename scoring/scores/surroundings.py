"""What a card is read beside: the other frameworks' scores, and the framework's own earlier ones.

Earlier scores follow the same rubric from the facts alone. Nothing here changes a score.
"""

from __future__ import annotations

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
        if not lacking:
            break
        evidence = gather(known, month=month, kind_order=rubric.policy.kind_order)
        for framework, findings in judge(rubric, evidence, frameworks=lacking, device=None).items():
            scores = {
                dimension: Earlier(month=month, score=score)
                for dimension in DIMENSIONS
                if (score := score_dimension(rubric, dimension, findings, snapshot=month).score) is not None
            }
            newest[framework] = EarlierScores(scores | dict(newest[framework].dimensions))
    return newest
