"""The least that would bring another framework level with the first: a change of one weight, or of one answer.

It looks for the point at which two Speed Scores meet, weight by weight and answer by answer, and names the nearest. It
changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import msgspec

from speedscore.scoring.rubric.answer_rule import AnswerRule
from speedscore.scoring.rubric.criterion import DIMENSIONS
from speedscore.scoring.rubric.rubric import Rubric
from speedscore.scoring.scores.weighing import Profile, Weighing

_BISECTIONS = 60
_LEAST_FACTOR, _MOST_FACTOR = 1e-3, 1e3
"""A weight that must change by more is as good as one that cannot flip it."""


class WeightFlip(msgspec.Struct, frozen=True):
    """A weight at which another framework draws level with the first."""

    what: str
    """The dimension's title, or the criterion's name."""
    rival: str
    weight: float
    """The present one."""
    needed: float

    @property
    def factor(self) -> float:
        return self.needed / self.weight


class FactFlip(msgspec.Struct, frozen=True):
    """A value of one answer at which another framework draws level with the first."""

    framework: str
    """Whose answer it is: the first one's or the rival's."""
    criterion: str
    rival: str
    value: float
    """The present one, in the criterion's unit."""
    needed: float
    unit: str
    points: float
    """What the criterion's score would change by."""


def smallest_weight_flip(
    rubric: Rubric, profiles: Mapping[str, Profile], ranking: Sequence[str], plain: Weighing
) -> WeightFlip | None:
    """The least change of one weight, by factor, that brings a rival level with the first; None where there is none."""
    first, *rivals = ranking
    changes: list[tuple[str, float, Callable[[float], Weighing]]] = [
        (rubric.dimensions[dimension], plain.dimensions[dimension], partial(plain.with_dimension, dimension))
        for dimension in DIMENSIONS
    ]
    changes += [
        (criterion.name, criterion.weight, partial(plain.with_criterion, criterion)) for criterion in rubric.criterion
    ]
    flips = [
        WeightFlip(what, rival, weight, needed)
        for rival in rivals
        for what, weight, weigh in changes
        for needed in _weights_at_level(profiles[first], profiles[rival], weight, weigh)
    ]
    return min(flips, key=lambda flip: abs(math.log(flip.factor)), default=None)


def smallest_fact_flip(profiles: Mapping[str, Profile], ranking: Sequence[str], plain: Weighing) -> FactFlip | None:
    """The least change of one answer, in points, that brings a rival level with the first; None where there is none."""
    first, *rivals = ranking
    flips = [
        flip
        for rival in rivals
        for framework, sign in ((first, -1.0), (rival, 1.0))
        for flip in _fact_flips(
            profiles[framework],
            framework=framework,
            rival=rival,
            gap=sign * (plain.speed_score(profiles[first]) - plain.speed_score(profiles[rival])),
            plain=plain,
        )
    ]
    return min(flips, key=lambda flip: abs(flip.points), default=None)


def _fact_flips(profile: Profile, *, framework: str, rival: str, gap: float, plain: Weighing) -> Iterable[FactFlip]:
    """Each answer of ``framework`` that can change so far that its Speed Score changes by ``gap``."""
    for finding in (finding for findings in profile.values() for finding in findings):
        # What is limited does not follow its value.
        if finding.rule is None or finding.value is None or finding.limit:
            continue
        points = gap / plain.share(finding, profile)
        needed = _value_for(finding.rule, finding.score or 0.0, points)
        if needed is not None:
            yield FactFlip(
                framework=framework,
                criterion=finding.criterion.name,
                rival=rival,
                value=finding.value,
                needed=needed,
                unit=finding.rule.unit,
                points=points,
            )


def _weights_at_level(
    first: Profile, rival: Profile, weight: float, weigh: Callable[[float], Weighing]
) -> Iterable[float]:
    """The weights below and above at which the rival draws level, where there are such."""

    def lead(factor: float) -> float:
        weighing = weigh(weight * factor)
        return weighing.speed_score(first) - weighing.speed_score(rival)

    for furthest in (_LEAST_FACTOR, _MOST_FACTOR):
        if weight > 0 and lead(furthest) < 0:
            yield weight * _bisect(lambda factor: lead(factor) > 0, 1.0, furthest, middle=lambda a, b: math.sqrt(a * b))


def _value_for(rule: AnswerRule, score: float, points: float) -> float | None:
    """The value at which the score has changed by so many points; None where the scale ends before."""
    target = score + points
    rises = rule.points[0][1] <= rule.points[-1][1]
    low, high = rule.points[0][0], rule.points[-1][0]
    worst, best = (low, high) if rises else (high, low)
    start, end = (worst, best) if points > 0 else (best, worst)
    reached = rule.score(end)
    if (points > 0 and reached < target) or (points < 0 and reached > target):
        return None

    def is_short(value: float) -> bool:
        return rule.score(value) < target if points > 0 else rule.score(value) > target

    return _bisect(is_short, start, end, middle=lambda a, b: (a + b) / 2) if is_short(start) else start


def _bisect(
    holds: Callable[[float], bool], start: float, end: float, *, middle: Callable[[float, float], float]
) -> float:
    """Where ``holds`` ends on the way from ``start``, where it holds, to ``end``, where it does not."""
    for _ in range(_BISECTIONS):
        between = middle(start, end)
        start, end = (between, end) if holds(between) else (start, between)
    return end
