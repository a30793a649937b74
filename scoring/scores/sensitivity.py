"""How much a ranking hangs on the rubric: drawn weights, criteria left out in turn, and the least that would flip it.

The OECD/JRC Handbook on Constructing Composite Indicators (2008), chapter 7, asks for all three of whoever ranks.
Frameworks are compared by their unrounded Speed Score. It scores nothing anew.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from speedscore.scoring.findings.findings import Finding
from speedscore.scoring.rubric.criterion import DIMENSIONS
from speedscore.scoring.rubric.rubric import Rubric
from speedscore.scoring.scores.flips import FactFlip, WeightFlip, smallest_fact_flip, smallest_weight_flip
from speedscore.scoring.scores.weighing import DimensionWeights, Profile, Weighing, make_profile, rank

DRAWS = 2000
CONCENTRATION = 63.0
"""Of the Dirichlet distribution around the rubric's weights: one of five equal weights then varies by a quarter of
itself (standard deviation), which is as far as people who agree about a rubric still differ."""

_Name = TypeVar("_Name", bound=str)


class LeftOut(msgspec.Struct, frozen=True):
    """What becomes of the ranking without one criterion."""

    criterion: str
    name: str
    ranking: tuple[str, ...]


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


def sensitivity(
    rubric: Rubric, findings: Mapping[str, Sequence[Finding]], *, seed: int = 0, draws: int = DRAWS
) -> Sensitivity | None:
    """``findings`` are by framework. None where fewer than two of them can be ranked."""
    profiles = {
        framework: profile
        for framework, answers in findings.items()
        if (profile := make_profile(rubric, answers)) is not None
    }
    if len(profiles) < 2:
        return None
    plain = Weighing(rubric.weights)
    scores = _speed_scores(plain, profiles)
    ranking = rank(scores)
    drawn = Counter(
        rank(_speed_scores(weighing, profiles)) for weighing in _draw(rubric, np.random.default_rng(seed), draws=draws)
    )
    return Sensitivity(
        ranking=ranking,
        speed_scores=scores,
        same_ranking=drawn[ranking] / draws,
        same_first=sum(times for order, times in drawn.items() if order[0] == ranking[0]) / draws,
        draws=draws,
        left_out=tuple(_left_out(profiles, ranking, rubric.weights)),
        weight_flip=smallest_weight_flip(rubric, profiles, ranking, plain),
        fact_flip=smallest_fact_flip(profiles, ranking, plain),
    )


def _speed_scores(weighing: Weighing, profiles: Mapping[str, Profile]) -> dict[str, float]:
    return {framework: weighing.speed_score(profile) for framework, profile in profiles.items()}


def _draw(rubric: Rubric, rng: np.random.Generator, *, draws: int) -> Iterable[Weighing]:
    """Weighings drawn around the rubric's: of the dimensions, and of the criteria within each."""
    dimensions = _dirichlet(rng, {dimension: rubric.weights[dimension] for dimension in DIMENSIONS}, draws=draws)
    criteria = [
        _dirichlet(rng, {criterion.id: criterion.weight for criterion in rubric.of(dimension)}, draws=draws)
        for dimension in DIMENSIONS
    ]
    for number in range(draws):
        drawn = {name: float(values[number]) for group in criteria for name, values in group.items()}
        yield Weighing({dimension: float(values[number]) for dimension, values in dimensions.items()}, drawn)


def _dirichlet(
    rng: np.random.Generator, weights: Mapping[_Name, float], *, draws: int
) -> dict[_Name, NDArray[np.float64]]:
    """Draws around the weights, by name; what weighs nothing goes on weighing nothing."""
    positive = {name: weight for name, weight in weights.items() if weight > 0}
    total = math.fsum(positive.values())
    shares = rng.dirichlet([CONCENTRATION * weight / total for weight in positive.values()], size=draws).T
    return {name: np.zeros(draws) for name in weights} | dict(zip(positive, total * shares, strict=True))


def _left_out(
    profiles: Mapping[str, Profile], ranking: tuple[str, ...], weights: DimensionWeights
) -> Iterable[LeftOut]:
    criteria = {
        finding.criterion.id: finding.criterion
        for profile in profiles.values()
        for findings in profile.values()
        for finding in findings
    }
    for criterion in criteria.values():
        without = rank(_speed_scores(Weighing(weights, {criterion.id: 0.0}), profiles))
        if without != ranking:
            yield LeftOut(criterion=criterion.id, name=criterion.name, ranking=without)
