"""Rounds by process and turn, and the one number that a process gives.

Rounds of one process are not independent: what it happens to get at its start stays with it. So whoever reads
rounds reads them by process, through this module; it compares nothing.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from statistics import median

from speedscore.record.measurement import Measurement
from speedscore.record.run_record import CaseResult, Round

Process = int | None
"""A process's number; None stands for one process where a run does not say which a round ran in."""

FEWEST_FOR_AN_INTERVAL = 3
"""Processes below which an interval over them would say nothing."""
_CONFIDENCE = 0.95


def rounds_by_process(rounds: Iterable[Round]) -> dict[Process, tuple[Round, ...]]:
    """Process → its rounds, in the order in which they were taken; processes by their number."""
    grouped: dict[Process, list[Round]] = {}
    for round_ in rounds:
        grouped.setdefault(round_.process, []).append(round_)
    return {process: tuple(grouped[process]) for process in sorted(grouped, key=_by_number)}


def _by_number(process: Process) -> int:
    return -1 if process is None else process


def process_medians(rounds: Iterable[Round]) -> tuple[float, ...]:
    """Seconds: of each process the median of its rounds."""
    # Not by ``rounds_by_process``, whose tuples a history of millions of rounds would make to throw away.
    grouped: dict[Process, list[float]] = {}
    for round_ in rounds:
        grouped.setdefault(round_.process, []).append(round_.seconds)
    # And of one round not by ``median``, which would sort it.
    return tuple(
        [
            values[0] if len(values := grouped[process]) == 1 else _finite_median(values)
            for process in sorted(grouped, key=_by_number)
        ]
    )


def _finite_median(values: Sequence[float]) -> float:
    """Also of the largest numbers that a file can hold, where the sum of the two in the middle is none."""
    return min(median(values), sys.float_info.max)


def figure_of_rounds(rounds: Iterable[Round]) -> float:
    """Seconds: the geometric mean over processes of the median over each one's rounds. At least one round is needed."""
    return figure_over_processes(process_medians(rounds))


def figure_over_processes(medians: Sequence[float]) -> float:
    """The same from the number that each process gave, at least one."""
    # Of one process exactly its median, without what a logarithm and back would add.
    if len(medians) == 1:
        return medians[0]
    # As statistics.geometric_mean, which takes three times as long: a history asks for it millions of times.
    return math.exp(math.fsum(map(math.log, medians)) / len(medians))


def interval_fraction_over_processes(rounds: Iterable[Round]) -> float | None:
    """How far the 95 % interval of ``figure_of_rounds`` reaches above it, as a fraction of it; None below three
    processes.

    Student's t over the logarithms of the processes' medians, which are independent where rounds of one process are
    not: they correlate from one to the next, and an interval over them holds 53 to 79 % of what it says. With two
    processes it would have one degree of freedom and reach 12.7 standard errors, which says nothing.
    """
    return interval_fraction_over_medians(process_medians(rounds))


def interval_fraction_over_medians(medians: Sequence[float]) -> float | None:
    """The same from the number that each process gave, in any unit, above 0."""
    if len(medians) < FEWEST_FOR_AN_INTERVAL:
        return None
    logs = [math.log(value) for value in medians]
    # As statistics.stdev, which counts in fractions and takes twenty times as long.
    middle = math.fsum(logs) / len(logs)
    spread = math.sqrt(math.fsum((log - middle) ** 2 for log in logs) / (len(logs) - 1))
    error = spread / math.sqrt(len(logs))
    # Beyond that a float overflows, and nobody reads it.
    return math.expm1(min(_quantile(len(medians) - 1) * error, 700.0))


@cache
def _quantile(freedom: int) -> float:
    """Of Student's t, at 0.975, for 2 degrees of freedom and more: a history asks for the same few thousands of times.

    By halving the angle whose tangent it is; scipy's takes longer to import than a question to a history may take.
    """
    low, high = 0.0, math.pi / 2
    while low < (middle := (low + high) / 2) < high:
        if _share_within(middle, freedom) < _CONFIDENCE:
            low = middle
        else:
            high = middle
    return math.sqrt(freedom) * math.tan(high)


def _share_within(angle: float, freedom: int) -> float:
    """The probability that Student's t lies within √freedom × tan(angle) of 0 (Abramowitz and Stegun, 26.7.3 and 4)."""
    cosine, is_odd = math.cos(angle), freedom % 2
    term = cosine if is_odd else 1.0
    terms = [term]
    for number in range(2 + is_odd, freedom - 1, 2):
        term *= cosine**2 * (number - 1) / number
        terms.append(term)
    series = math.sin(angle) * math.fsum(terms)
    return 2 / math.pi * (angle + series) if is_odd else series


def figure_of(case: CaseResult, name: str) -> float | None:
    """The one number that stands for a metric of a case, in the metric's unit; None where it was not measured.

    Of the case's own metric it is that of its rounds. Of any other, of which each process gave one number, it is their
    median, which a zero (a memory figure below the resolution of its instrument) does not upset.
    """
    if name == case.metric.name:
        return figure_of_rounds(case.rounds) if case.rounds else None
    measurement: Measurement | None = case.find(name)
    return _finite_median(measurement.samples) if measurement else None
