"""How fast frameworks are beside each other: the one estimator of a ratio, from rounds that were neighbours in time.

The rounds of one process are not independent: what it happens to get at its start (addresses, pages, a neighbour on
the machine) stays with it. So each process gives one number for each two frameworks, and the interval is over
processes. The saved run, the tables, the score and its interval all read this. It decides nothing: a ratio is an
estimate, and a verdict about a change is not made here.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from statistics import fmean, median, variance

import msgspec

from speedscore.record.rounds import Process, figure_of_rounds, rounds_by_process
from speedscore.record.run_record import CaseResult, Ratio

LEVEL = 0.95


class Estimate(msgspec.Struct, frozen=True, gc=False):
    """How many times as fast the first of two frameworks is as the second. All figures are natural logarithms of that:
    0 is equal, above 0 the first is faster."""

    logs: tuple[tuple[float, ...], ...]
    """For each process that both had: of each turn that both took part in; where they shared none, one number of the
    medians of each. Empty where they shared no process."""
    log_ratio: float
    """Mean over processes of the median over turns; without a shared process, of the figures of each alone."""
    standard_error: float | None = None
    """Of ``log_ratio``, over processes; None where there was one process or none."""
    freedom: int = 0
    """Degrees of freedom of the standard error."""

    @property
    def processes(self) -> int:
        return len(self.logs)

    @property
    def times_as_fast(self) -> float:
        return math.exp(self.log_ratio)

    @property
    def reach(self) -> float | None:
        """Half the width of the 95 % interval of ``log_ratio``; None where it is unknown."""
        if self.standard_error is None:
            return None
        # scipy.stats takes half a second to import, which a session that measures nothing should not pay.
        from scipy.stats import t

        return float(t.ppf((1 + LEVEL) / 2, self.freedom)) * self.standard_error

    def reversed(self) -> Estimate:
        """The second beside the first."""
        return msgspec.structs.replace(
            self, logs=tuple(tuple(-log for log in logs) for logs in self.logs), log_ratio=-self.log_ratio
        )


Pair = tuple[str, str]
"""Two frameworks, the first of which is held beside the second."""


def find_ratios(cases: Iterable[CaseResult]) -> tuple[Ratio, ...]:
    """For each two frameworks that were measured side by side how many times as fast the faster one is.

    Only cases of one model, device, phase, precision, machine and occasion are compared, of those that shared a
    process.
    """
    measured = [case for case in cases if case.status == "measured"]
    estimates = (
        (first, second, estimate)
        for group in _groups(measured)
        for (first, second), estimate in _estimates_of_group(group)
        if estimate.processes
    )
    return tuple(_ratio(first, second, estimate) for first, second, estimate in estimates)


def estimate_ratios(cases: Sequence[CaseResult], *, without: Container[Process] = ()) -> dict[Pair, Estimate]:
    """Every two of the measured ``cases``, in both orders, by their frameworks.

    The cases are of one model, device, phase, precision and machine, one a framework; between machines there is no
    ratio, and ValueError is raised. Those that were no neighbours, because they were measured on different occasions or
    shared no process, have the ratio of their figures, without an interval. The processes in ``without`` are in no
    figure, and each case has another; how much a framework's figure differs from process to process is learned from
    all.
    """
    if len(machines := {case.machine for case in cases}) > 1:
        raise ValueError(f"expected cases of one machine, found those of {', '.join(map(repr, sorted(machines)))}")
    estimates: dict[Pair, Estimate] = {}
    for group in _groups(cases):
        for (first, second), estimate in _estimates_of_group(group, without=without):
            estimates[first.framework, second.framework] = estimate
    for first, second in combinations(cases, 2):
        estimate = estimates.get((first.framework, second.framework)) or _apart(first, second, without=without)
        estimates[first.framework, second.framework] = estimate
        estimates[second.framework, first.framework] = estimate.reversed()
    return estimates


def _groups(cases: Iterable[CaseResult]) -> list[list[CaseResult]]:
    """The cases, grouped by what was measured side by side."""
    groups: dict[tuple[str, ...], list[CaseResult]] = {}
    for case in cases:
        key = (case.phase, case.model, case.device, case.precision, case.machine, case.occasion)
        groups.setdefault(key, []).append(case)
    return list(groups.values())


def _estimates_of_group(
    group: Sequence[CaseResult], *, without: Container[Process] = ()
) -> Iterator[tuple[tuple[CaseResult, CaseResult], Estimate]]:
    logs = [_logs_by_process(case) for case in group]
    mean_square, freedom = _residual_mean_square(logs)
    figures = [{process: own[process] for process in own if process not in without} for own in logs]
    for (first, first_logs), (second, second_logs) in combinations(zip(group, figures, strict=True), 2):
        estimate = _estimate(first_logs, second_logs, mean_square=mean_square, freedom=freedom)
        yield (first, second), estimate or _apart(first, second, without=without)


class _Logs(msgspec.Struct, frozen=True, gc=False):
    """Log seconds of the rounds of one process."""

    all: tuple[float, ...]
    by_turn: dict[int, float]
    """Of those whose turn is known."""

    @property
    def middle(self) -> float:
        return median(self.all)


def _logs_by_process(case: CaseResult) -> dict[Process, _Logs]:
    return {
        process: _Logs(
            tuple(math.log(round_.seconds) for round_ in rounds),
            {round_.turn: math.log(round_.seconds) for round_ in rounds if round_.turn is not None},
        )
        for process, rounds in rounds_by_process(case.rounds).items()
    }


def _estimate(
    first: Mapping[Process, _Logs], second: Mapping[Process, _Logs], *, mean_square: float | None, freedom: int
) -> Estimate | None:
    """None where they shared no process."""
    shared = [process for process in first if process in second]
    if not shared:
        return None
    logs = tuple(_neighbours(first[process], second[process]) for process in shared)
    by_process = [median(process_logs) for process_logs in logs]
    if mean_square is None:
        return Estimate(logs, fmean(by_process))
    # A difference of two frameworks has twice the variance of one.
    pair_mean_square = variance(by_process) / 2 if len(by_process) > 1 else 0.0
    error = math.sqrt(2 * max(mean_square, pair_mean_square) / len(by_process))
    return Estimate(logs, fmean(by_process), standard_error=error, freedom=freedom)


def _neighbours(first: _Logs, second: _Logs) -> tuple[float, ...]:
    """Logs of how many times as fast ``first`` was, by turns that both took part in, else one number of the medians."""
    shared = [turn for turn in first.by_turn if turn in second.by_turn]
    if shared:
        return tuple(second.by_turn[turn] - first.by_turn[turn] for turn in shared)
    return (second.middle - first.middle,)


def _apart(first: CaseResult, second: CaseResult, *, without: Container[Process] = ()) -> Estimate:
    figures = [
        figure_of_rounds(round_ for round_ in case.rounds if round_.process not in without) for case in (first, second)
    ]
    return Estimate((), math.log(figures[1] / figures[0]))


def _ratio(first: CaseResult, second: CaseResult, estimate: Estimate) -> Ratio:
    faster, slower = (first, second) if estimate.log_ratio >= 0 else (second, first)
    centre, reach = abs(estimate.log_ratio), estimate.reach
    return Ratio(
        phase=first.phase,
        model=first.model,
        device=first.device,
        precision=first.precision,
        faster=faster.framework,
        slower=slower.framework,
        value=math.exp(centre),
        low=None if reach is None else math.exp(centre - reach),
        high=None if reach is None else math.exp(centre + reach),
        processes=estimate.processes,
        machine=first.machine,
    )


def _residual_mean_square(frameworks: Sequence[Mapping[Process, _Logs]]) -> tuple[float | None, int]:
    """How much a framework's figure differs from process to process, beyond what all shared, and on how many degrees
    of freedom that rests; None and 0 where there are too few processes or frameworks to tell.

    Frameworks by processes is a two-way layout without replication (Montgomery, Design and Analysis of Experiments,
    randomised complete blocks): the processes of one number lived at the same time and are its blocks. The mean square
    of what neither framework nor block explains has (F − 1)(P − 1) degrees of freedom. It takes all frameworks to
    differ alike from process to process; where two of them differ more than that from each other, theirs counts
    instead. In simulation 95 % becomes 96 % where all are alike, and 85 to 90 % for two that are three times as
    restless as six others.
    """
    shared_by_all = [process for process in frameworks[0] if all(process in framework for framework in frameworks)]
    table = [[framework[process].middle for process in shared_by_all] for framework in frameworks]
    freedom = (len(table) - 1) * (len(shared_by_all) - 1)
    return (_residual(table) / freedom, freedom) if freedom > 0 else (None, 0)


def _residual(table: Sequence[Sequence[float]]) -> float:
    """Sum of squares of a two-way table less its row and column means."""
    rows = [fmean(row) for row in table]
    columns = [fmean(column) for column in zip(*table, strict=True)]
    whole = fmean(rows)
    return sum(
        (value - row - column + whole) ** 2
        for row, values in zip(rows, table, strict=True)
        for column, value in zip(columns, values, strict=True)
    )
