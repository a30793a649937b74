"""How much of a dimension is answered, and whether that is enough for a score.

Criteria of one group are one question: it weighs what they weigh together, and any of them answers it. Enough is the
policy's share of the weight and an answer to the heaviest question. Nothing is scored here.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import msgspec

from speedscore.scoring.rubric.criterion import Criterion
from speedscore.scoring.rubric.policy import Policy


class Coverage(msgspec.Struct, frozen=True):
    """How much of the weight of some criteria is answered."""

    share: float
    """0 to 1."""
    lacking: tuple[str, ...] = ()
    """Names of the criteria of the heaviest questions, where none of these is answered; empty where one is."""


def heaviest(asked: Sequence[Criterion]) -> list[Criterion]:
    """The criteria of the question that weighs most; of all that do, where several weigh the same."""
    questions: dict[str, list[Criterion]] = {}
    for criterion in asked:
        questions.setdefault(f"group {criterion.group}" if criterion.group else criterion.id, []).append(criterion)
    weights = [round(math.fsum(criterion.weight for criterion in question), 9) for question in questions.values()]
    return [
        criterion
        for question, weight in zip(questions.values(), weights, strict=True)
        if weight == max(weights)
        for criterion in question
    ]


def cover(asked: Sequence[Criterion], answered: Collection[str]) -> Coverage:
    """What the ``answered`` criteria, by id, cover of those that were ``asked``."""
    total = math.fsum(criterion.weight for criterion in asked)
    if not total:
        return Coverage(share=0.0)
    decisive = heaviest(asked)
    return Coverage(
        share=math.fsum(criterion.weight for criterion in asked if criterion.id in answered) / total,
        lacking=()
        if any(criterion.id in answered for criterion in decisive)
        else tuple(criterion.name for criterion in decisive),
    )


def is_enough(coverage: Coverage, policy: Policy) -> bool:
    """True where there may be a score."""
    return not coverage.lacking and round(coverage.share, 9) >= policy.minimum_coverage


def why_not_enough(coverage: Coverage, policy: Policy) -> str:
    """What the coverage lacks for a score, in words; empty where it is enough."""
    parts = []
    if round(coverage.share, 9) < policy.minimum_coverage:
        needed = f"{policy.minimum_coverage * 100:.0f} % is needed"
        parts.append(f"{coverage.share * 100:.0f} % of the weight is answered, {needed}")
    if coverage.lacking:
        parts.append(f"what weighs most is not answered ({' or '.join(coverage.lacking)})")
    return "; ".join(parts)
