"""What the answers to several probes come to: one value, and how sure a value of so few is.

Pure arithmetic on questions that were answered. What was not answered is not here, so it can neither raise nor lower a
value, and nothing here chooses which probe answers or turns a value into points.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

import msgspec

from speedscore.scoring.evidence.evidence import AskedProbe
from speedscore.scoring.rubric.probe_measure import ProbeMeasure

_Z_95 = 1.959964
"""Standard normal quantile of 97.5 %."""

QuestionKey = tuple[str, str, tuple[str, ...]]
"""Family, subject and the targets of which any would do: what two frameworks have in common where both answered it."""


class ProbedQuestion(msgspec.Struct, frozen=True):
    """One question that a framework has answered."""

    key: QuestionKey
    amount: float
    """By the measure's statistic: the best worth of its answers, a count, or a figure."""
    out_of: float
    """What the amount can reach at most: 1 for a worth, the sum of the measure's ``of`` for a count, 0 for a figure."""
    answers: tuple[AskedProbe, ...]
    """Every probe that was answered and, where its family has controls, proved."""


def probe_value(measure: ProbeMeasure, questions: Sequence[ProbedQuestion]) -> float | None:
    """Per cent for worth and count, the figure's own unit otherwise; None where any family has no answer.

    Whoever compares frameworks can pass the questions alone that all of them answered.
    """
    by_family = _by_family(measure, questions)
    if by_family is None:
        return None
    if not measure.count:
        scale = 100.0 if measure.worth else 1.0
        return scale * fmean(fmean(question.amount for question in group) for group in by_family)
    whole = math.fsum(question.out_of for question in questions)
    return 100.0 * math.fsum(question.amount for question in questions) / whole if whole else None


def probe_interval(measure: ProbeMeasure, questions: Sequence[ProbedQuestion]) -> tuple[float, float] | None:
    """Lowest and highest per cent that so few answers allow, with 95 %; None for a figure, which was counted exactly.

    The score interval of Wilson 1927, Probable inference, the law of succession, and statistical inference. A mean of
    worths between 0 and 1 varies at most as much as a share of the same size does, so it holds for those too. Families
    have equal parts in the mean, which is then worth as many answers as ``families² / Σ 1/answers``.
    """
    value = probe_value(measure, questions)
    if value is None or measure.figure:
        return None
    if measure.count:
        number = math.fsum(question.out_of for question in questions)
    else:
        groups = _by_family(measure, questions) or []
        number = len(groups) ** 2 / math.fsum(1 / len(group) for group in groups)
    share = value / 100.0
    middle = share + _Z_95**2 / (2 * number)
    reach = _Z_95 * math.sqrt(share * (1 - share) / number + _Z_95**2 / (4 * number**2))
    low, high = ((middle + way * reach) / (1 + _Z_95**2 / number) for way in (-1, 1))
    # Binary fractions may miss the value itself where all or none are good.
    return 100.0 * max(0.0, min(low, share)), 100.0 * min(1.0, max(high, share))


def _by_family(measure: ProbeMeasure, questions: Sequence[ProbedQuestion]) -> list[list[ProbedQuestion]] | None:
    groups = [[question for question in questions if question.key[0] == family] for family in measure.families]
    return groups if all(groups) else None
