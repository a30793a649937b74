"""Verdicts on two sides that were not neighbours in time, each a handful of runs of a handful of processes.

    log ratio  =  mean of head's runs - mean of base's runs         a run: the mean of its processes' log medians
    variance   =  sum over both sides of (sum of the variances of its runs) / runs^2
    reach      =  t(error) x sqrt(variance)                         Student's t with four degrees of freedom
    interval   =  log ratio - reach to log ratio + reach            with the error of ``shown_error``

What a run's variance is taken from, the first that there is:

    history    the noise between 20 or more earlier runs of the case
    own runs   the spread of the runs of each side about their mean, where they leave four degrees of freedom
    assumed    5 % from run to run, and from process to process what the runs show, or 5 % where they show nothing

and never less than what the runs and processes at hand show. This is the random-effects layout of Kalibera and
Jones, Rigorous Benchmarking in Reasonable Time (2013): runs above processes, whose rounds have already become one
median. Four degrees of freedom, however many runs the noise was learned from: what differs between days has heavy
tails, and twenty runs do not show how heavy. It reads no file and prints nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from statistics import fmean, median
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from speedscore.verdicts.verdict import Outcome, VerdictPolicy

NoiseSource = Literal["history", "own runs", "assumed"]

TAIL_FREEDOM = 4
"""Also the degrees of freedom that the runs of both sides must leave before their spread counts as known."""

ASSUMED_SPREAD = 0.05
"""Of the log figure, from run to run and again from process to process, where nothing is known. On a shared machine two
saved runs of one program differ by more than 5 % in four of ten cases, so a comparison without history must not decide
about changes of that size."""

FEWEST_PAST_RUNS = 20

_SMALLER_OF_TWO = 2 - 2 * math.sqrt(3) / math.pi
"""Expected square of the smaller of two neighbouring differences of independent normal numbers of variance 1."""
_LARGEST_LOG = 700.0
"""``math.exp`` of more is no number."""

Runs = Sequence[Sequence[float]]
"""The log figures of one side: for each run one of each fresh process."""


class Past(msgspec.Struct, frozen=True):
    """What the earlier runs of a case taught."""

    spread: float
    """From run to run, of the log figure."""
    runs: int
    """That taught it: where it is the noise between machines, one of each stint on a machine."""
    processes: float
    """Of a typical one of these runs."""


class Decision(msgspec.Struct, frozen=True):
    """What a ratio means."""

    outcome: Outcome
    ratio: float
    low: float
    """The true ratio lies above, but for a probability of ``shown_error``."""
    high: float
    """The true ratio lies below, but for the same probability."""
    smallest_visible: float
    error: float
    """Standard error of the log ratio."""


class UnpairedReading(msgspec.Struct, frozen=True):
    """What can be said of one metric."""

    decision: Decision
    source: NoiseSource
    spread: float
    """From run to run, as it was used for head's first run."""


def learn(
    centres: Sequence[float] | NDArray[np.float64],
    processes: Sequence[int] | NDArray[np.int64],
    *,
    machines: Sequence[str] | NDArray[np.str_] | None = None,
) -> Past | None:
    """The noise between earlier runs of one case, in the order of time; None where there are fewer than 20.

    ``centres``: of each run the mean over processes of the log figure; ``processes``: of each run how many;
    ``machines``: of each run on which it was measured, where the noise is asked for between runs of different ones.
    Runs that follow each other on one machine are then a single stint: they share what sets the machine apart, and
    however many they are, they show it once. Of each stint the run in its middle teaches, and 20 stints are needed. A
    single run, because the mean of a stint is quieter than the runs that are compared.

    The smaller of the two steps that lead to a run and away from it, squared and averaged, by what it would be for
    independent normal noise of variance 1 (2 - 2 sqrt(3) / pi). A change of the code is one step, between two runs that
    resemble their other neighbours, and adds nothing; a run that was out for once is two steps, and counts in full.
    The median of the steps, more robust still, would overlook the very runs that make false alarms.
    """
    if machines is not None:
        middles = _middles_of_stints(list(machines))
        centres, processes = np.asarray(centres)[middles], np.asarray(processes)[middles]
    if len(centres) < FEWEST_PAST_RUNS:
        return None
    steps = np.abs(np.diff(centres))
    smaller = np.minimum(steps[:-1], steps[1:]) ** 2
    return Past(
        spread=math.sqrt(float(smaller.mean()) / _SMALLER_OF_TWO), runs=len(centres), processes=float(median(processes))
    )


def _middles_of_stints(machines: Sequence[str]) -> list[int]:
    """Of each stretch of runs that follow each other on one machine, the place of the middle one."""
    stints = [list(places) for _, places in groupby(range(len(machines)), key=machines.__getitem__)]
    return [places[len(places) // 2] for places in stints]


def read_unpaired(base: Runs, head: Runs, past: Past | None, policy: VerdictPolicy, *, metrics: int) -> UnpairedReading:
    """Decide from two sides of at least one run each; ``metrics`` verdicts share the error of a false alarm."""
    noise = _Noise(base, head, past)
    error = math.sqrt(noise.of_side(base) + noise.of_side(head))
    decision = decide(_centre(head) - _centre(base), error, policy, alarm=policy.false_alarm / metrics)
    return UnpairedReading(decision=decision, source=noise.source, spread=math.sqrt(noise.of_run(head[0])))


def decide(log_ratio: float, error: float, policy: VerdictPolicy, *, alarm: float) -> Decision:
    """What a log ratio of that standard error means, where a false alarm is allowed with the probability ``alarm``."""
    certain, likely = _quantile(alarm) * error, _quantile(policy.miss) * error
    margin, detect = math.log1p(policy.margin), math.log1p(policy.detect)
    outcome: Outcome = "inconclusive"
    if log_ratio - certain > margin:
        outcome = "regressed"
    elif log_ratio + certain < -margin:
        outcome = "improved"
    # A gate asks for the upper limit only. Here a figure that fell by a third may still be uncertain, and is then not
    # called unchanged.
    elif abs(log_ratio) + likely < detect:
        outcome = "unchanged"
    reach = _quantile(shown_error(policy)) * error
    return Decision(
        outcome=outcome,
        ratio=_factor(log_ratio),
        low=_factor(log_ratio - reach),
        high=_factor(log_ratio + reach),
        smallest_visible=_factor(margin + certain + likely) - 1,
        error=error,
    )


def shown_error(policy: VerdictPolicy) -> float:
    """The probability with which the true ratio lies beyond each end of an interval that is shown.

    It is at least as large as each error that a verdict may make, so that none stands beside an interval that speaks
    against it: what is excluded with a smaller error is excluded with a larger one, too.
    """
    return max(policy.false_alarm, policy.miss)


class _Noise:
    """How far a run may lie from the truth, for the runs of one comparison."""

    def __init__(self, base: Runs, head: Runs, past: Past | None) -> None:
        centres = [[fmean(run) for run in side] for side in (base, head)]
        self._runs = _within(centres) or 0.0
        self._processes = _within([*base, *head])
        self._past = past
        is_shown = sum(len(side) - 1 for side in centres) >= TAIL_FREEDOM
        self.source: NoiseSource = "history" if past else "own runs" if is_shown else "assumed"

    def of_side(self, runs: Runs) -> float:
        """Variance of the mean of a side's runs."""
        return sum(map(self.of_run, runs)) / len(runs) ** 2

    def of_run(self, run: Sequence[float]) -> float:
        """Variance of one run: what its source says, and never less than the runs and processes at hand show."""
        shown = max(self._runs, (self._processes or 0.0) / len(run))
        if self._past is not None:
            # A run of fewer processes than those of history is noisier: at most by as much as if all noise were theirs.
            return max(shown, self._past.spread**2 * max(1.0, self._past.processes / len(run)))
        if self.source == "own runs":
            return shown
        between_processes = ASSUMED_SPREAD**2 if self._processes is None else self._processes
        return max(shown, ASSUMED_SPREAD**2 + between_processes / len(run))


def _within(groups: Sequence[Sequence[float]]) -> float | None:
    """Pooled variance within groups; None where every group is a single number."""
    freedom = sum(len(group) - 1 for group in groups)
    if not freedom:
        return None
    # Not statistics.variance, whose exact fractions take a hundred times as long.
    means = [fmean(group) for group in groups]
    squares = ((value - mean) ** 2 for group, mean in zip(groups, means, strict=True) for value in group)
    return math.fsum(squares) / freedom


def _centre(runs: Runs) -> float:
    return fmean(fmean(run) for run in runs)


@cache
def _quantile(error: float) -> float:
    # scipy.stats takes half a second to import, which a command that compares nothing should not pay.
    from scipy.stats import t

    return float(t.isf(error, TAIL_FREEDOM))


def _factor(log: float) -> float:
    return math.exp(min(log, _LARGEST_LOG))
