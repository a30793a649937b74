"""How much a ranking hangs on the rubric: drawn weights, criteria left out in turn, and the least that would flip it.

The OECD/JRC Handbook on Constructing Composite Indicators (2008), chapter 7, asks for all three of whoever ranks.
Frameworks are compared by their unrounded Speed Score: rounding to half points would make ties of differences and
differences of ties. It scores nothing anew: it takes findings as they are and weighs them otherwise.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from speedscore.scoring.findings.findings import Finding
from speedscore.scoring.rubric.criterion import DIMENSIONS, Criterion, Dimension
from speedscore.scoring.rubric.rubric import Rubric

DRAWS = 2000
CONCENTRATION = 63.0
"""Of the Dirichlet distribution around the rubric's weights: one of five equal weights then varies by a quarter of
itself (standard deviation), which is as far as people who agree about a rubric still differ."""
_BISECTIONS = 60

Weights = Mapping[Dimension, float]
_Name = TypeVar("_Name", bound=str)


class LeftOut(msgspec.Struct, frozen=True):
    """What becomes of the ranking without one criterion."""

    criterion: str
    name: str
    ranking: tuple[str, ...]


class WeightFlip(msgspec.Struct, frozen=True):
    """A weight at which another framework draws level with the first."""

    what: str
    """The dimension's title, or the criterion's name."""
    rival: str
    weight: float
    """As it is."""
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
    """As it is, in the criterion's unit."""
    needed: float
    unit: str
    points: float
    """What the criterion's score would change by."""


class Sensitivity(msgspec.Struct, frozen=True):
    """How firm a ranking is."""

    ranking: tuple[str, ...]
    """By the unrounded Speed Score, the best first; only frameworks that have one."""
    speed_scores: dict[str, float]
    """Unrounded."""
    same_ranking: float
    """Share of the drawn weights under which the whole ranking stays."""
    same_first: float
    """Share under which the first stays first."""
    draws: int
    left_out: tuple[LeftOut, ...]
    """The criteria without which the ranking is another one."""
    weight_flip: WeightFlip | None
    """The smallest change of one weight, by factor, that changes who is first; None where none does."""
    fact_flip: FactFlip | None
    """The smallest change of one answer, by points, that changes who is first; None where none does."""


def sensitivity(rubric: Rubric, findings: Mapping[str, Sequence[Finding]], *, seed: int = 0) -> Sensitivity | None:
    """``findings`` are by framework. None where fewer than two of them can be ranked."""
    weights = rubric.weights
    profiles = {framework: own for framework, each in findings.items() if (own := _profile(rubric, each)) is not None}
    if len(profiles) < 2:
        return None
    plain = _Weighing(weights)
    scores = {framework: plain.speed_score(profile) for framework, profile in profiles.items()}
    ranking = _ranking(scores)
    drawn = Counter(
        _ranking({framework: weighing.speed_score(profile) for framework, profile in profiles.items()})
        for weighing in _draw(rubric, weights, np.random.default_rng(seed))
    )
    return Sensitivity(
        ranking=ranking,
        speed_scores=scores,
        same_ranking=drawn[ranking] / DRAWS,
        same_first=sum(times for each, times in drawn.items() if each[0] == ranking[0]) / DRAWS,
        draws=DRAWS,
        left_out=tuple(_left_out(profiles, ranking, weights)),
        weight_flip=_weight_flip(rubric, profiles, ranking, plain),
        fact_flip=_fact_flip(profiles, ranking, plain),
    )


_Profile = dict[Dimension, list[Finding]]


def _profile(rubric: Rubric, findings: Iterable[Finding]) -> _Profile | None:
    """The answered findings by dimension; None where a dimension has too few for a score."""
    asked: dict[Dimension, float] = dict.fromkeys(DIMENSIONS, 0.0)
    profile: _Profile = {dimension: [] for dimension in DIMENSIONS}
    for finding in findings:
        criterion = finding.criterion
        asked[criterion.dimension] += criterion.weight
        if finding.score is not None:
            profile[criterion.dimension].append(finding)
    for dimension, own in profile.items():
        if not rubric.weights[dimension]:
            continue
        answered = math.fsum(finding.criterion.weight for finding in own)
        if not answered or round(answered / asked[dimension], 9) < rubric.policy.minimum_coverage:
            return None
    return profile


class _Weighing:
    """One choice of weights; a criterion without an entry of its own has the rubric's."""

    def __init__(self, weights: Weights, criteria: Mapping[str, float] | None = None) -> None:
        self.dimensions = weights
        self._criteria = criteria or {}

    def criterion(self, criterion: Criterion) -> float:
        return self._criteria.get(criterion.id, criterion.weight)

    def dimension_score(self, own: Sequence[Finding]) -> float:
        """0 to 10. A dimension in which nothing weighs anything any more has the plain mean."""
        weighted = [(self.criterion(finding.criterion), finding.score or 0.0) for finding in own]
        total = math.fsum(weight for weight, _ in weighted)
        if not total:
            return statistics.fmean(score for _, score in weighted)
        return math.fsum(weight * score for weight, score in weighted) / total

    def speed_score(self, profile: _Profile) -> float:
        total = math.fsum(self.dimensions.values())
        parts = (
            self.dimensions[dimension] * self.dimension_score(own)
            for dimension, own in profile.items()
            if self.dimensions[dimension]
        )
        return math.fsum(parts) / total

    def with_dimension(self, dimension: Dimension, weight: float) -> _Weighing:
        return _Weighing({**self.dimensions, dimension: weight}, self._criteria)

    def with_criterion(self, criterion: Criterion, weight: float) -> _Weighing:
        return _Weighing(self.dimensions, {**self._criteria, criterion.id: weight})


def _ranking(scores: Mapping[str, float]) -> tuple[str, ...]:
    """The best first; of equals the first by name."""
    return tuple(sorted(scores, key=lambda framework: (-round(scores[framework], 9), framework)))


def _draw(rubric: Rubric, weights: Weights, rng: np.random.Generator) -> Iterable[_Weighing]:
    dimensions = _dirichlet(rng, {dimension: weights[dimension] for dimension in DIMENSIONS})
    criteria = [
        _dirichlet(rng, {criterion.id: criterion.weight for criterion in rubric.of(dimension)})
        for dimension in DIMENSIONS
    ]
    for number in range(DRAWS):
        drawn = {name: float(values[number]) for group in criteria for name, values in group.items()}
        yield _Weighing({dimension: float(values[number]) for dimension, values in dimensions.items()}, drawn)


def _dirichlet(rng: np.random.Generator, weights: Mapping[_Name, float]) -> dict[_Name, NDArray[np.float64]]:
    """Draws around the weights, by name; what weighs nothing goes on weighing nothing."""
    positive = {name: weight for name, weight in weights.items() if weight > 0}
    total = math.fsum(positive.values())
    shares = rng.dirichlet([CONCENTRATION * weight / total for weight in positive.values()], size=DRAWS).T
    return {name: np.zeros(DRAWS) for name in weights} | dict(zip(positive, total * shares, strict=True))


def _left_out(profiles: Mapping[str, _Profile], ranking: tuple[str, ...], weights: Weights) -> Iterable[LeftOut]:
    criteria = {
        finding.criterion.id: finding.criterion
        for profile in profiles.values()
        for own in profile.values()
        for finding in own
    }
    for criterion in criteria.values():
        without = _Weighing(weights, {criterion.id: 0.0})
        left = _ranking({framework: without.speed_score(profile) for framework, profile in profiles.items()})
        if left != ranking:
            yield LeftOut(criterion=criterion.id, name=criterion.name, ranking=left)


_LEAST_FACTOR, _MOST_FACTOR = 1e-3, 1e3
"""A weight that must change by more is as good as one that cannot flip it."""


def _weight_flip(
    rubric: Rubric, profiles: Mapping[str, _Profile], ranking: Sequence[str], plain: _Weighing
) -> WeightFlip | None:
    first, *rivals = ranking
    changes: list[tuple[str, float, Callable[[float], _Weighing]]] = [
        (rubric.dimensions[dimension], plain.dimensions[dimension], partial(plain.with_dimension, dimension))
        for dimension in DIMENSIONS
    ]
    changes += [
        (criterion.name, criterion.weight, partial(plain.with_criterion, criterion)) for criterion in rubric.criterion
    ]
    found = [
        WeightFlip(what, rival, weight, needed)
        for rival in rivals
        for what, weight, weigh in changes
        for needed in _levels(profiles[first], profiles[rival], weight, weigh)
    ]
    return min(found, key=lambda flip: abs(math.log(flip.factor)), default=None)


def _levels(first: _Profile, rival: _Profile, weight: float, weigh: Callable[[float], _Weighing]) -> Iterable[float]:
    """The weights below and above at which the rival draws level, where there are such."""

    def lead(factor: float) -> float:
        weighing = weigh(weight * factor)
        return weighing.speed_score(first) - weighing.speed_score(rival)

    for furthest in (_LEAST_FACTOR, _MOST_FACTOR):
        if weight > 0 and lead(furthest) < 0:
            yield weight * _bisect(lambda factor: lead(factor) > 0, 1.0, furthest, middle=lambda a, b: math.sqrt(a * b))


def _fact_flip(profiles: Mapping[str, _Profile], ranking: Sequence[str], plain: _Weighing) -> FactFlip | None:
    first, *rivals = ranking
    found: list[FactFlip] = []
    for rival in rivals:
        gap = plain.speed_score(profiles[first]) - plain.speed_score(profiles[rival])
        for framework, sign in ((first, -1.0), (rival, 1.0)):
            for finding in (finding for own in profiles[framework].values() for finding in own):
                points = sign * gap / _share(finding, profiles[framework], plain)
                needed = _value_for(finding.criterion, finding.score or 0.0, points)
                if needed is not None and finding.value is not None:
                    found.append(
                        FactFlip(
                            framework=framework,
                            criterion=finding.criterion.name,
                            rival=rival,
                            value=finding.value,
                            needed=needed,
                            unit=finding.criterion.unit,
                            points=points,
                        )
                    )
    return min(found, key=lambda flip: abs(flip.points), default=None)


def _share(finding: Finding, profile: _Profile, plain: _Weighing) -> float:
    """Points of the Speed Score for a point of the criterion; 0 as the smallest number that can be divided by."""
    dimension = finding.criterion.dimension
    within = math.fsum(plain.criterion(own.criterion) for own in profile[dimension])
    among = math.fsum(plain.dimensions.values())
    share = plain.criterion(finding.criterion) / within * plain.dimensions[dimension] / among if within else 0.0
    return max(share, math.ulp(0.0))


def _value_for(criterion: Criterion, score: float, points: float) -> float | None:
    """The value at which the score has changed by so many points; None where the scale ends before."""
    target = score + points
    rises = criterion.points[0][1] <= criterion.points[-1][1]
    low, high = criterion.points[0][0], criterion.points[-1][0]
    worst, best = (low, high) if rises else (high, low)
    start, end = (worst, best) if points > 0 else (best, worst)
    reached = criterion.score(end)
    if (points > 0 and reached < target) or (points < 0 and reached > target):
        return None

    def is_short(value: float) -> bool:
        return criterion.score(value) < target if points > 0 else criterion.score(value) > target

    return _bisect(is_short, start, end, middle=lambda a, b: (a + b) / 2) if is_short(start) else start


def _bisect(
    holds: Callable[[float], bool], start: float, end: float, *, middle: Callable[[float, float], float]
) -> float:
    """Where ``holds`` ends on the way from ``start``, where it holds, to ``end``, where it does not."""
    for _ in range(_BISECTIONS):
        between = middle(start, end)
        start, end = (between, end) if holds(between) else (start, between)
    return end
