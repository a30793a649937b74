"""How sure a score is: an interval for each dimension and for the Speed Score, by Monte Carlo.

Three things are not known exactly, and each is drawn: the median of a case's rounds (bootstrap, first over its fresh
processes and then over the rounds of each), a fact whose source states a range (uniform over it), and what nobody
answered, which is taken at both extremes, 0 and 10. The interval holds 95 % of the draws and always the score itself.
It says nothing about facts that are wrong or breakpoints that are debatable; for those see ``sensitivity``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from speedscore.record.phases import DeviceName
from speedscore.record.run_record import CaseResult
from speedscore.scoring.evidence.evidence import Evidence
from speedscore.scoring.findings.findings import Finding
from speedscore.scoring.findings.ratios import Cell, common_support
from speedscore.scoring.rubric.criterion import DIMENSIONS, Criterion, Dimension
from speedscore.scoring.rubric.rubric import Rubric

DRAWS = 400
_TAILS = (2.5, 97.5)
_WORST, _BEST = 0.0, 10.0

Draws = NDArray[np.float64]


class Interval(msgspec.Struct, frozen=True):
    """95 % of the draws, rounded as the score is."""

    low: float
    high: float


class Uncertainty(msgspec.Struct, frozen=True):
    """How sure the scores of one framework are."""

    dimensions: dict[Dimension, Interval]
    speed_score: Interval


def uncertainties(
    rubric: Rubric,
    evidence: Evidence,
    findings: Mapping[str, Sequence[Finding]],
    *,
    device: DeviceName | None,
    seed: int = 0,
) -> dict[str, Uncertainty]:
    """By framework. ``findings`` are those of ``device``, None for facts alone; the same seed gives the same draws."""
    rng = np.random.default_rng(seed)
    ratios = {
        criterion.id: _ratio_draws(evidence, criterion, device, rng)
        for criterion in rubric.criterion
        if criterion.measure is not None and device is not None
    }
    return {
        framework: _of_framework(
            rubric,
            {finding.criterion.id: _scores(finding, ratios.get(finding.criterion.id, {}), rng) for finding in own},
            own,
        )
        for framework, own in findings.items()
    }


def _of_framework(
    rubric: Rubric,
    drawn: Mapping[str, Draws | None],
    findings: Sequence[Finding],
) -> Uncertainty:
    intervals: dict[Dimension, Interval] = {}
    totals = [np.zeros(DRAWS), np.zeros(DRAWS)]
    for dimension in DIMENSIONS:
        asked = [finding.criterion for finding in findings if finding.criterion.dimension == dimension]
        lows, highs = (_dimension(rubric, asked, drawn, unknown=unknown) for unknown in (_WORST, _BEST))
        intervals[dimension] = _interval(lows, highs)
        for total, draws in zip(totals, (lows, highs), strict=True):
            total += rubric.weights[dimension] * draws
    whole = math.fsum(rubric.weights.values())
    return Uncertainty(dimensions=intervals, speed_score=_interval(totals[0] / whole, totals[1] / whole))


def _dimension(
    rubric: Rubric, asked: Sequence[Criterion], drawn: Mapping[str, Draws | None], *, unknown: float
) -> Draws:
    """The dimension's score in each draw, with ``unknown`` for what nobody answered."""
    total = math.fsum(criterion.weight for criterion in asked)
    if not total:
        return np.full(DRAWS, unknown)
    scores = np.zeros(DRAWS)
    for criterion in asked:
        draws = drawn[criterion.id]
        scores += criterion.weight * (np.full(DRAWS, unknown) if draws is None else draws)
    step = rubric.policy.round_to
    rounded: Draws = np.floor(np.round(scores / total / step, 9) + 0.5) * step
    return rounded


def _interval(lows: Draws, highs: Draws) -> Interval:
    return Interval(low=float(np.percentile(lows, _TAILS[0])), high=float(np.percentile(highs, _TAILS[1])))


def _scores(finding: Finding, ratios: Mapping[str, Draws], rng: np.random.Generator) -> Draws | None:
    """Points of one answer in each draw; None where there is none."""
    if finding.score is None:
        return None
    if finding.measured:
        return _points(finding.criterion, ratios[finding.framework])
    if any(source.low is not None or source.high is not None for source in finding.sources):
        values = [_stated(source.low, source.value, source.high, rng) for source in finding.sources]
        return _points(finding.criterion, _combined(finding.criterion, values))
    return np.full(DRAWS, finding.score)


def _points(criterion: Criterion, values: Draws) -> Draws:
    return np.array([criterion.score(value) for value in values.tolist()])


def _stated(low: float | None, value: float, high: float | None, rng: np.random.Generator) -> Draws:
    """Uniform over the stated range; where one end is not stated, the value itself is that end."""
    return rng.uniform(value if low is None else low, value if high is None else high, DRAWS)


def _combined(criterion: Criterion, values: Sequence[Draws]) -> Draws:
    together = np.stack(values)
    if criterion.combine == "sum":
        return np.asarray(together.sum(axis=0))
    if criterion.combine == "geometric mean":
        with np.errstate(divide="ignore"):
            return np.asarray(np.exp(np.log(together).mean(axis=0)))
    return np.asarray(together[0])


def _ratio_draws(
    evidence: Evidence, criterion: Criterion, device: DeviceName, rng: np.random.Generator
) -> dict[str, Draws]:
    """By ecosystem its ratio to the best other one in each draw, as ``ratios.compare`` forms it of the medians."""
    measure = criterion.measure
    assert measure is not None
    common, _ = common_support(evidence, device=device, measure=measure)
    cases = {(measured.run, measured.case.nodeid): measured.case for measured in evidence.measured.get(device, ())}
    metric = measure.metrics.get(device, "")
    logs: dict[str, Draws] = {}
    for cell in common:
        best = _best_draws(cell, cases, metric, rng)
        for ecosystem, own in best.items():
            others = np.min([each for name, each in best.items() if name != ecosystem], axis=0)
            logs[ecosystem] = logs.get(ecosystem, np.zeros(DRAWS)) + (others - own) / len(common)
    return {ecosystem: np.exp(draws) for ecosystem, draws in logs.items()}


def _best_draws(
    cell: Cell, cases: Mapping[tuple[str, str], CaseResult], metric: str, rng: np.random.Generator
) -> dict[str, Draws]:
    """By ecosystem the logarithm of its best variant's figure in each draw, turned so that less is better."""
    best: dict[str, Draws] = {}
    for standing in cell.standings.values():
        if standing.median <= 0:
            continue
        logs = _median_draws(cases[cell.run, standing.nodeid], metric, rng)
        turned = logs if standing.better == "lower" else -logs
        rival = best.get(standing.ecosystem)
        best[standing.ecosystem] = turned if rival is None else np.minimum(rival, turned)
    return best


def _median_draws(case: CaseResult, metric: str, rng: np.random.Generator) -> Draws:
    """The logarithm of the median in each draw: of processes drawn anew, the mean of medians drawn anew."""
    found = case.find(metric or case.metric)
    assert found is not None
    samples = np.maximum(np.array(found.samples), np.finfo(float).tiny)
    processes = np.array(case.processes) if len(case.processes) == len(samples) else np.zeros(len(samples))
    medians = np.stack([_resampled(np.sort(np.log(samples[processes == each])), rng) for each in np.unique(processes)])
    if len(medians) == 1:
        return np.asarray(medians[0])
    chosen = rng.integers(len(medians), size=medians.shape)
    return np.asarray(np.take_along_axis(medians, chosen, axis=0).mean(axis=0))


def _resampled(ordered: Draws, rng: np.random.Generator) -> Draws:
    """Medians of bootstrap samples of ordered values, drawn at once: the quantile that such a median stands at follows
    a beta distribution (Efron 1982, The Jackknife, the Bootstrap and Other Resampling Plans, 10.3)."""
    if len(ordered) == 1:
        return np.full(DRAWS, ordered[0])
    middle = (len(ordered) + 1) / 2
    places = rng.beta(middle, middle, DRAWS) * (len(ordered) - 1)
    return np.interp(places, np.arange(len(ordered)), ordered)
