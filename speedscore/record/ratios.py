"""How fast frameworks are beside each other: ratios with intervals, from rounds that were neighbours in time.

The rounds of one process are not independent: whatever a process was dealt at its start (addresses, pages, a neighbour
on the machine) stays with it. So each process gives one number for each framework, and the interval is over processes.
It decides nothing: a ratio is an estimate, and a verdict about a change is not made here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from statistics import fmean, median, variance

from speedscore.record.run_record import CaseResult, Ratio

LEVEL = 0.95


def find_ratios(cases: Iterable[CaseResult]) -> tuple[Ratio, ...]:
    """For each two frameworks that were measured side by side how many times as fast the faster one is.

    Only cases of one model, device, phase, precision and occasion are compared.
    """
    groups: dict[tuple[str, ...], list[CaseResult]] = {}
    for case in cases:
        if case.status == "measured" and case.processes:
            key = (case.phase, case.model, case.device, case.precision, case.occasion)
            groups.setdefault(key, []).append(case)
    return tuple(ratio for group in groups.values() if len(group) > 1 for ratio in _of_group(group))


def _of_group(group: Sequence[CaseResult]) -> Iterable[Ratio]:
    by_process = {case.framework: _by_process(case) for case in group}
    processes = sorted(set.intersection(*(set(own) for own in by_process.values())))
    spread = _Spread(by_process, processes)
    for one, other in combinations(group, 2):
        shared = sorted(by_process[one.framework].keys() & by_process[other.framework].keys())
        logs = [_log_ratio(by_process[one.framework][each], by_process[other.framework][each]) for each in shared]
        if not logs:
            continue
        centre = fmean(logs)
        faster, slower = (one, other) if centre >= 0 else (other, one)
        reach = spread.reach(logs)
        yield Ratio(
            phase=one.phase,
            model=one.model,
            device=one.device,
            faster=faster.framework,
            slower=slower.framework,
            value=math.exp(abs(centre)),
            low=None if reach is None else math.exp(abs(centre) - reach),
            high=None if reach is None else math.exp(abs(centre) + reach),
            processes=len(logs),
        )


def _by_process(case: CaseResult) -> dict[int, dict[int, float]]:
    """Process → turn → log seconds."""
    found: dict[int, dict[int, float]] = {}
    for process, turn, value in zip(case.processes, case.turns, case.rounds, strict=True):
        found.setdefault(process, {})[turn] = math.log(value)
    return found


def _log_ratio(one: Mapping[int, float], other: Mapping[int, float]) -> float:
    """Log of how many times as fast ``one`` is: the median over the turns that both took part in, else of all."""
    shared = one.keys() & other.keys()
    if shared:
        return median(other[turn] - one[turn] for turn in shared)
    return median(other.values()) - median(one.values())


class _Spread:
    """How much a framework's figure differs from process to process, beyond what all frameworks shared.

    Frameworks by processes is a two-way layout without replication (Montgomery, Design and Analysis of Experiments,
    randomised complete blocks): the processes of one number lived at the same time and are its blocks. The mean square
    of what neither framework nor block explains has (F − 1)(P − 1) degrees of freedom. It takes all frameworks to
    differ alike from process to process; where two of them differ more than that from each other, theirs counts
    instead. In simulation 95 % becomes 96 % where all are alike, and 85 to 90 % for two that are three times as
    restless as six others.
    """

    def __init__(self, by_process: Mapping[str, Mapping[int, Mapping[int, float]]], processes: Sequence[int]) -> None:
        table = [[median(own[each].values()) for each in processes] for own in by_process.values()]
        self._freedom = (len(table) - 1) * (len(processes) - 1)
        self._mean_square = _residual(table) / self._freedom if self._freedom > 0 else None

    def reach(self, logs: Sequence[float]) -> float | None:
        """Half the width of the interval of the mean of log ratios, one a process; None where it is unknown."""
        if self._mean_square is None:
            return None
        # scipy.stats takes half a second to import, which a session that measures nothing should not pay.
        from scipy.stats import t

        quantile = float(t.ppf((1 + LEVEL) / 2, self._freedom))
        # A difference of two frameworks has twice the variance of one.
        own = variance(logs) / 2 if len(logs) > 1 else 0.0
        return quantile * math.sqrt(2 * max(self._mean_square, own) / len(logs))


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
