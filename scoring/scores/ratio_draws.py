"""Measured ratios as draws: how many times as fast, or as small, each ecosystem is as the best other one.

A ratio of neighbouring rounds follows Student's t, as its interval over processes has it; what knows no other process,
and figures that were no neighbours, are bootstrapped from their own rounds and samples. It gives no points.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

from speedscore.record.ratios import Estimate, Pair
from speedscore.record.rounds import rounds_by_process
from speedscore.record.run_record import CaseResult
from speedscore.scoring.findings.standings import ComparedCell

DRAWS = 400
_LARGEST_LOG = 700.0
"""Beyond it a float overflows; Student's t of one degree of freedom goes there now and then."""

Draws = NDArray[np.float64]
"""One figure in each draw. Of scores and ratios the first is the figure itself, and ``DRAWS`` more follow: whatever
becomes of them becomes of it, and so an interval can be made to hold it."""


def ratio_draws(common: Sequence[ComparedCell], rng: np.random.Generator) -> dict[str, Draws]:
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
