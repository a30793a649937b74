"""How sure a score is: an interval for each dimension and for the Speed Score, by Monte Carlo.

What is not known exactly is drawn: the ratio of two cases (as ``record.ratios`` estimates it and its error over fresh
processes), what so few probes allow, a fact whose source states a range (uniform over it), which of the facts is right
that contradict each other on the card (each as likely as the others), and where the breakpoints stand (each criterion's
points are shifted by up to the policy's ``breakpoint_shift``, the same shift for all frameworks). The interval holds
95 % of the draws and always the score itself. Where an answer is unknown or stale, it is taken at both extremes, 0 and
10, and the interval is called bounds: no share of anything lies in it. So it is where another variant might as well
stand for an ecosystem: Performance is taken with either. Weights are the business of ``sensitivity``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from speedscore.record.phases import DeviceName
from speedscore.record.rounds import rounds_by_process
from speedscore.scoring.evidence.evidence import Evidence
from speedscore.scoring.findings.finding import Finding, Source
from speedscore.scoring.findings.findings import RatiosByCriterion, ratios_by_criterion
from speedscore.scoring.findings.standings import ComparedCell, EcosystemRatios
from speedscore.scoring.rubric.answer_rule import AnswerRule
from speedscore.scoring.rubric.criterion import DIMENSIONS, Criterion, Dimension
from speedscore.scoring.rubric.rubric import Rubric
from speedscore.scoring.scores.ratio_draws import DRAWS, Draws, ratio_draws

_TAILS = (2.5, 97.5)
_WORST, _BEST = 0.0, 10.0


class Interval(msgspec.Struct, frozen=True):
    """95 % of the draws and the score itself, rounded as the score is."""

    low: float
    high: float
    bounds: bool = False
    """Whether it holds answers that are unknown or stale, each at its worst and at its best, or the scores under other
    variants: then it is what can be, and no 95 % of anything."""


class DimensionDraws(msgspec.Struct, frozen=True):
    """A dimension's score in each draw, 0 to 10, rounded as the score is; the first is of the answers themselves."""

    lows: tuple[float, ...]
    """The score in each draw with everything unanswered at its worst, and as the variant that makes it lowest."""
    highs: tuple[float, ...]
    """The same with everything unanswered at its best, and as the variant that makes it highest."""


class Uncertainty(msgspec.Struct, frozen=True):
    """How sure the scores of one framework are."""

    dimensions: dict[Dimension, Interval]
    speed_score: Interval
    of_lone_processes: tuple[str, ...] = ()
    """Names of the criteria whose ratio was measured in one process a case: how far another would differ is unknown."""
    ratios: dict[str, tuple[float, float]] = {}
    """By the criterion's id, of each ratio that was measured, where 95 % of its draws lie; of lone processes these know
    the rounds alone."""
    draws: dict[Dimension, DimensionDraws] = {}
    """What the intervals were made of: no weight of a dimension has a say in them, so others can be put on them."""


def uncertainties(
    rubric: Rubric,
    evidence: Evidence,
    findings: Mapping[str, Sequence[Finding]],
    *,
    device: DeviceName | None,
    seed: int = 0,
    ratios: RatiosByCriterion | None = None,
    by_variants: Mapping[str, tuple[float, float]] | None = None,
) -> dict[str, Uncertainty]:
    """Framework → how sure its scores are; the same seed gives the same draws.

    ``findings`` are those of ``device``, None for facts alone; so are ``ratios``, where the caller has found them
    already. ``by_variants`` are the points that other variants would take from a framework's Performance and add to it.
    """
    rng = np.random.default_rng(seed)
    found = ratios_by_criterion(rubric, evidence, device=device) if ratios is None else ratios
    cells = {criterion: each.common for criterion, each in found.items()}
    drawn_ratios = {criterion: ratio_draws(common, rng) for criterion, common in cells.items()}
    # Of each criterion by itself, so that neither the other criteria nor the order of the frameworks has a say.
    shifts = {
        criterion.id: np.concatenate(([0.0], rng.uniform(-1, 1, DRAWS) * rubric.policy.breakpoint_shift))
        for criterion in rubric.criterion
        for rng in [np.random.default_rng([seed, *criterion.id.encode()])]
    }
    return {
        framework: _of_framework(
            rubric,
            {
                finding.criterion.id: _scores(
                    finding, drawn_ratios.get(finding.criterion.id, {}), shifts[finding.criterion.id], seed=seed
                )
                for finding in framework_findings
            },
            framework_findings,
            of_lone_processes=tuple(
                finding.criterion.name
                for finding in framework_findings
                if finding.measured and finding.rule is not None and finding.rule.measure is not None
                if _rests_on_lone_processes(found[finding.criterion.id], framework)
            ),
            ratios={
                finding.criterion.id: _ends(drawn_ratios[finding.criterion.id][framework])
                for finding in framework_findings
                if finding.measured and finding.rule is not None and finding.rule.measure is not None
            },
            by_variants=(by_variants or {}).get(framework, (0.0, 0.0)),
        )
        for framework, framework_findings in findings.items()
    }


def _rests_on_lone_processes(ratios: EcosystemRatios, ecosystem: str) -> bool:
    rival = ratios.ratios[ecosystem].rival
    return any(not _knows_other_processes(cell, ecosystem, rival) for cell in ratios.common if cell.is_of_rounds)


def _knows_other_processes(cell: ComparedCell, ecosystem: str, rival: str) -> bool:
    """Whether anything says how processes differ; where one process chose the variant, that may be so with one left."""
    estimate = cell.estimate(ecosystem, rival)
    if estimate.processes:
        return estimate.processes > 1 or estimate.standard_error is not None
    lines = (cell.scored[ecosystem].line, cell.scored[rival].line)
    return all(len(rounds_by_process(cell.cases[line].rounds)) > 1 for line in lines)


def _of_framework(
    rubric: Rubric,
    drawn: Mapping[str, Draws | None],
    findings: Sequence[Finding],
    *,
    of_lone_processes: tuple[str, ...],
    ratios: dict[str, tuple[float, float]],
    by_variants: tuple[float, float],
) -> Uncertainty:
    intervals: dict[Dimension, Interval] = {}
    kept: dict[Dimension, DimensionDraws] = {}
    totals = [np.zeros(1 + DRAWS), np.zeros(1 + DRAWS)]
    for dimension in DIMENSIONS:
        asked = [finding.criterion for finding in findings if finding.criterion.dimension == dimension]
        lows, highs = (_dimension(rubric, asked, drawn, unknown=unknown) for unknown in (_WORST, _BEST))
        bounds = not asked or any(drawn[criterion.id] is None for criterion in asked if criterion.weight)
        if dimension == "performance" and any(by_variants):
            lows, highs = (
                np.clip(draws + points, _WORST, _BEST) for draws, points in zip((lows, highs), by_variants, strict=True)
            )
            bounds = True
        intervals[dimension] = _interval(lows, highs, bounds=bounds)
        kept[dimension] = DimensionDraws(lows=tuple(lows.tolist()), highs=tuple(highs.tolist()))
        for total, draws in zip(totals, (lows, highs), strict=True):
            total += rubric.weights[dimension] * draws
    whole = math.fsum(rubric.weights.values())
    bounds = any(interval.bounds for dimension, interval in intervals.items() if rubric.weights[dimension])
    return Uncertainty(
        dimensions=intervals,
        speed_score=_interval(totals[0] / whole, totals[1] / whole, bounds=bounds),
        of_lone_processes=of_lone_processes,
        ratios=ratios,
        draws=kept,
    )


def _dimension(
    rubric: Rubric, asked: Sequence[Criterion], drawn: Mapping[str, Draws | None], *, unknown: float
) -> Draws:
    """The dimension's score in each draw, with ``unknown`` for what nobody answered."""
    total = math.fsum(criterion.weight for criterion in asked)
    if not total:
        return np.full(1 + DRAWS, unknown)
    scores = np.zeros(1 + DRAWS)
    for criterion in asked:
        draws = drawn[criterion.id]
        scores += criterion.weight * (np.full(1 + DRAWS, unknown) if draws is None else draws)
    step = rubric.policy.round_to
    rounded: Draws = np.floor(np.round(scores / total / step, 9) + 0.5) * step
    return rounded


def _interval(lows: Draws, highs: Draws, *, bounds: bool) -> Interval:
    """``lows`` and ``highs`` have what nobody answered at its worst and at its best."""
    return Interval(low=_ends(lows)[0], high=_ends(highs)[1], bounds=bounds)


def _ends(draws: Draws) -> tuple[float, float]:
    """The ends of the range that holds 95 % of the draws and the figure itself."""
    # Hazen's places are those of the quantiles that ratios are drawn from, so that one ratio has its own ends.
    low, high = np.percentile(draws[1:], _TAILS, method="hazen")
    return min(float(draws[0]), float(low)), max(float(draws[0]), float(high))


def _scores(finding: Finding, ratios: Mapping[str, Draws], shift: Draws, *, seed: int) -> Draws | None:
    """Points of one answer in each draw; None where there is none, or a stale one."""
    if finding.score is None or finding.rule is None:
        return None
    if finding.rule.measure is not None:
        scores = _points(finding.rule, ratios[finding.framework])
    else:
        rng = np.random.default_rng([seed + 1, *finding.criterion.id.encode()])
        drawn = [_contradicted(source, finding, rng) for source in finding.sources]
        exact = all(np.ptp(values) == 0 for values in drawn)
        scores = np.full(1 + DRAWS, finding.score) if exact else _points(finding.rule, _combined(finding.rule, drawn))
    if finding.limit:
        scores = np.minimum(scores, finding.score)
    return np.clip(scores + shift, _WORST, _BEST)


def _points(rule: AnswerRule, values: Draws) -> Draws:
    return np.array([rule.score(value) for value in values.tolist()])


def _contradicted(source: Source, finding: Finding, rng: np.random.Generator) -> Draws:
    """In each draw one of the fresh figures about the same thing, in the first draw the answering one. What was
    measured is contradicted by no fact about another machine or another year."""
    others = () if source.kind == "measured" else finding.beside
    figures = [source, *(other for other in others if other.name == source.name and not other.stale)]
    drawn = np.stack([_stated(each.low, each.value, each.high, rng) for each in figures])
    chosen = np.concatenate(([0], rng.integers(len(figures), size=DRAWS)))
    return np.asarray(drawn[chosen, np.arange(1 + DRAWS)])


def _stated(low: float | None, value: float, high: float | None, rng: np.random.Generator) -> Draws:
    """Uniform over the stated range; where one end is not stated, the value itself is that end."""
    drawn = rng.uniform(value if low is None else low, value if high is None else high, DRAWS)
    return np.concatenate(([value], drawn))


def _combined(rule: AnswerRule, values: Sequence[Draws]) -> Draws:
    together = np.stack(values)
    if rule.combine == "sum":
        return np.asarray(together.sum(axis=0))
    if rule.combine == "geometric mean":
        with np.errstate(divide="ignore"):
            return np.asarray(np.exp(np.log(together).mean(axis=0)))
    return np.asarray(together[0])
