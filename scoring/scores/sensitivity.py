"""How much a ranking hangs on the rubric: drawn weights, criteria left out in turn, and the least that would flip it.

The OECD/JRC Handbook on Constructing Composite Indicators (2008), chapter 7, asks for all three of whoever ranks.
Frameworks are ranked by the unrounded Speed Score of the questions that ``comparison`` left. It scores nothing anew.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from speedscore.scoring.rubric.criterion import DIMENSIONS
from speedscore.scoring.rubric.rubric import Rubric
from speedscore.scoring.scores.comparison import Comparison
from speedscore.scoring.scores.flips import FactFlip, WeightFlip, smallest_fact_flip, smallest_weight_flip
from speedscore.scoring.scores.fragility import Fragility, find_fragility
from speedscore.scoring.scores.lead import Lead, find_lead
from speedscore.scoring.scores.weighing import DimensionWeights, Profile, Weighing, make_profile, rank

DRAWS = 2000
CONCENTRATION = 63.0
"""Concentration of the Dirichlet distribution around the rubric's weights: one of five equal weights then varies by a
quarter of itself (standard deviation), which is as far as people who agree about a rubric still differ."""

_Name = TypeVar("_Name", bound=str)


class LeftOut(msgspec.Struct, frozen=True):
    """What becomes of the ranking without one criterion."""

    criterion: str
    name: str
    ranking: tuple[str, ...]


class Sensitivity(msgspec.Struct, frozen=True):
    """How firm a ranking is."""

    ranking: tuple[str, ...]
    """The frameworks that the comparison ranks, the best first."""
    speed_scores: dict[str, float]
    """Unrounded, of the compared questions alone."""
    lead: Lead
    """What the first is ahead of the second by."""
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
    fragility: Fragility
    """The smallest set of facts without which it changes."""


def sensitivity(rubric: Rubric, comparison: Comparison, *, seed: int = 0, draws: int = DRAWS) -> Sensitivity | None:
    """How firm the order is on the questions of ``comparison``. None where fewer than two are ranked there."""
    if not comparison.ranked:
        return None
    profiles = {framework: make_profile(findings) for framework, findings in comparison.findings.items()}
    plain = Weighing(rubric.weights)
    scores = _speed_scores(plain, profiles)
    ranking = rank(scores)
    same_first, same_ranking = _stays(rubric, profiles, ranking, rng=np.random.default_rng(seed), draws=draws)
    return Sensitivity(
        ranking=ranking,
        speed_scores=scores,
        lead=find_lead(ranking[0], ranking[1], profiles=profiles, weighing=plain),
        same_ranking=same_ranking,
        same_first=same_first,
        draws=draws,
        left_out=tuple(_left_out(profiles, ranking, rubric.weights)),
        weight_flip=smallest_weight_flip(rubric, profiles, ranking, plain),
        fact_flip=smallest_fact_flip(profiles, ranking, plain),
        fragility=find_fragility(rubric, comparison, ranking),
    )


def _speed_scores(weighing: Weighing, profiles: Mapping[str, Profile]) -> dict[str, float]:
    return {framework: weighing.speed_score(profile) for framework, profile in profiles.items()}


def _stays(
    rubric: Rubric, profiles: Mapping[str, Profile], ranking: Sequence[str], *, rng: np.random.Generator, draws: int
) -> tuple[float, float]:
    """The shares of drawn weights under which the first stays first, and the whole ranking stays as it is."""
    of_dimensions = _dirichlet(rng, rubric.weights, draws=draws)
    totals = {framework: np.zeros(draws) for framework in sorted(profiles)}
    for dimension in DIMENSIONS:
        of_criteria = _dirichlet(
            rng, {criterion.id: criterion.weight for criterion in rubric.of(dimension)}, draws=draws
        )
        for framework, total in totals.items():
            answered = [(of_criteria[each.criterion.id], each.score or 0.0) for each in profiles[framework][dimension]]
            weight = np.sum([drawn for drawn, _ in answered], axis=0)
            if np.all(weight):
                total += (
                    of_dimensions[dimension] * np.sum([drawn * score for drawn, score in answered], axis=0) / weight
                )
    scores = np.round(np.stack([*totals.values()]), 9)
    # Of equals the first by name, as in ``rank``.
    orders = np.argsort(-scores, axis=0, kind="stable").T
    names = list(totals)
    expected = np.array([names.index(framework) for framework in ranking])
    return float(np.mean(orders[:, 0] == expected[0])), float(np.mean(np.all(orders == expected, axis=1)))


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
