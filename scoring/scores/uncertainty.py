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
from functools import cache
from itertools import combinations, permutations

import msgspec
import numpy as np
from numpy.typing import NDArray

from speedscore.record.phases import DeviceName
from speedscore.record.ratios import Estimate, Pair
from speedscore.record.rounds import rounds_by_process
from speedscore.record.run_record import CaseResult
from speedscore.scoring.evidence.evidence import Evidence
from speedscore.scoring.findings.finding import Finding, Source
from speedscore.scoring.findings.findings import RatiosByCriterion, ratios_by_criterion
from speedscore.scoring.findings.standings import ComparedCell, EcosystemRatios
from speedscore.scoring.rubric.answer_rule import AnswerRule
from speedscore.scoring.rubric.criterion import DIMENSIONS, Criterion, Dimension
from speedscore.scoring.rubric.rubric import Rubric

DRAWS = 400
_TAILS = (2.5, 97.5)
_WORST, _BEST = 0.0, 10.0
_LARGEST_LOG = 700.0
"""Beyond it a float overflows; Student's t of one degree of freedom goes there now and then."""

Draws = NDArray[np.float64]
"""One figure in each draw. Of scores and ratios the first is the figure itself, and ``DRAWS`` more follow: whatever
becomes of them becomes of it, and so an interval can be made to hold it."""


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
    drawn_ratios = {criterion: _ratio_draws(common, rng) for criterion, common in cells.items()}
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


def _ratio_draws(common: Sequence[ComparedCell], rng: np.random.Generator) -> dict[str, Draws]:
    """Ecosystem → its ratio to the best other one in each draw, as ``standings.ecosystem_ratios`` joins them."""
    logs: dict[tuple[str, str], Draws] = {}
    for compared in common:
        drawn = _pair_draws(compared, rng)
        for (ecosystem, standing), (name, rival) in permutations(compared.scored.items(), 2):
            before = logs.get((ecosystem, name), np.zeros(1 + DRAWS))
            logs[ecosystem, name] = before + drawn[standing.line, rival.line] / len(common)
    # The best other one is the one that it stands worst to.
    worst = {
        ecosystem: np.min([draws for (own, _), draws in logs.items() if own == ecosystem], axis=0)
        for ecosystem in {own for own, _ in logs}
    }
    return {ecosystem: np.exp(np.clip(draws, -_LARGEST_LOG, _LARGEST_LOG)) for ecosystem, draws in worst.items()}


def _pair_draws(compared: ComparedCell, rng: np.random.Generator) -> dict[Pair, Draws]:
    """The log ratio of every two that stand for their ecosystems, in both orders."""
    drawn: dict[Pair, Draws] = {}
    for framework, rival in combinations(compared.cases, 2):
        estimate = compared.estimates[framework, rival]
        if compared.is_of_rounds and estimate.processes:
            draws = _estimate_draws(estimate, rng)
        else:
            draws = _apart_draws(compared, framework, rival, rng)
        drawn[framework, rival] = np.concatenate(([estimate.log_ratio], draws))
        drawn[rival, framework] = -drawn[framework, rival]
    return drawn


def _estimate_draws(estimate: Estimate, rng: np.random.Generator) -> Draws:
    """Student's t around the estimate, as its interval over processes has it; of a lone process its neighbouring rounds
    drawn anew, which cannot know how another process would have been.

    Its quantiles in a drawn order, each once (a Latin hypercube: McKay, Beckman and Conover 1979). The ends of so many
    free draws would be a sixth of the interval off with two degrees of freedom, and a third with one.
    """
    if estimate.standard_error is not None:
        return estimate.log_ratio + estimate.standard_error * rng.permutation(_quantiles(estimate.freedom))
    return _mean_of_processes([_resampled(np.array(logs), rng) for logs in estimate.logs], rng)


@cache
def _quantiles(freedom: int) -> Draws:
    """Of Student's t, in the middle of each of ``DRAWS`` equally likely parts."""
    # scipy.stats takes half a second to import, which scores of facts alone should not pay.
    from scipy.stats import t

    return np.asarray(t.ppf((np.arange(DRAWS) + 0.5) / DRAWS, freedom))


def _apart_draws(compared: ComparedCell, framework: str, rival: str, rng: np.random.Generator) -> Draws:
    """The ratio of two cases whose rounds were no neighbours: each one's figure is drawn by itself."""
    framework_draws, rival_draws = (
        _figure_draws(compared.cases[name], compared.metric, rng) for name in (framework, rival)
    )
    better = compared.scored[compared.cases[framework].ecosystem].better
    return framework_draws - rival_draws if better == "higher" else rival_draws - framework_draws


def _figure_draws(case: CaseResult, metric: str, rng: np.random.Generator) -> Draws:
    """The logarithm of the figure in each draw, as ``rounds.figure_of`` forms it."""
    if metric == case.metric.name:
        processes = [
            np.log([round_.seconds for round_ in rounds]) for rounds in rounds_by_process(case.rounds).values()
        ]
        return _mean_of_processes([_resampled(logs, rng) for logs in processes], rng)
    measurement = case.find(metric)
    assert measurement is not None
    # Some may be 0, although their median is not.
    samples = np.log(np.maximum(measurement.samples, np.finfo(float).tiny))
    return _resampled(samples, rng, correlated=False)


def _mean_of_processes(processes: Sequence[Draws], rng: np.random.Generator) -> Draws:
    """Bootstrap of the mean over processes; each gives the median of its rounds, drawn anew, in each draw."""
    medians = np.stack(processes)
    if len(medians) == 1:
        return np.asarray(medians[0])
    chosen = rng.integers(len(medians), size=medians.shape)
    return np.asarray(np.take_along_axis(medians, chosen, axis=0).mean(axis=0))


def _resampled(samples: Draws, rng: np.random.Generator, *, correlated: bool = True) -> Draws:
    """Medians of bootstrap samples of values in the order of time, drawn at once: the quantile that such a median
    stands at follows a beta distribution (Efron 1982, The Jackknife, the Bootstrap and Other Resampling Plans, 10.3).

    Rounds that follow each other are alike, so there are as many as are worth independent ones; what each process gave
    one of (``correlated`` False) is independent.
    """
    if len(samples) == 1:
        return np.full(DRAWS, samples[0])
    count = _independent_count(samples) if correlated else len(samples)
    middle = (count + 1) / 2
    places = rng.beta(middle, middle, DRAWS) * (len(samples) - 1)
    return np.interp(places, np.arange(len(samples)), np.sort(samples))


def _independent_count(samples: Draws) -> float:
    """How many independent samples these are worth: n (1 − r) / (1 + r) with the correlation r of each with the next.

    Bayley and Hammersley 1946, The "effective" number of independent observations in an autocorrelated time series.
    """
    deviations = samples - samples.mean()
    total = float(deviations @ deviations)
    if total == 0.0:
        return float(len(samples))
    correlation = max(0.0, float(deviations[:-1] @ deviations[1:]) / total)
    return max(1.0, len(samples) * (1 - correlation) / (1 + correlation))
