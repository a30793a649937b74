"""When a case has been measured well enough: the interval of its median, and the rule that ends its rounds.

The interval is the distribution-free one of order statistics (Conover 1999, section 3.2), as scipy computes it; it
assumes nothing of how timings are spread. It describes the rounds of one process: how much another process would
differ it cannot say, and nothing here decides whether anything became slower.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from statistics import median

from speedscore.bench_suite.workloads.presets import INTERVAL_WIDTH
from speedscore.record.rounds import rounds_by_process
from speedscore.record.run_record import Round

MINIMUM_ROUNDS = 10
"""Six rounds are the fewest that have a 95 % interval at all; ten keep a lucky start from ending a case."""
FEWEST_TURNS = 3
"""Taken even when the time is up: a case that was prepared at length must not end without a figure."""


def median_interval(samples: Sequence[float]) -> tuple[float, float] | None:
    """The 95 % interval of the median, in the samples' unit; None where the samples are too few to have one."""
    if len(samples) < 6:
        return None
    low_rank, high_rank = _interval_ranks(len(samples))
    in_order = sorted(samples)
    return in_order[low_rank], in_order[high_rank]


@cache
def _interval_ranks(count: int) -> tuple[int, int]:
    """Which of ``count`` samples in order, counted from 0, the interval ends on: their values have no part in it.

    Kept, because scipy takes milliseconds over it and is asked after every round.
    """
    # scipy.stats takes half a second to import, which a session that measures nothing should not pay.
    from scipy.stats import quantile_test

    interval = quantile_test(range(count), q=0, p=0.5).confidence_interval(confidence_level=0.95)
    return int(interval.low), int(interval.high)


def interval_fraction(samples: Sequence[float]) -> float | None:
    """How far the interval reaches from the median on its wider side, as a fraction of the median; None if unknown."""
    interval = median_interval(samples)
    if interval is None:
        return None
    middle = median(samples)
    return max(interval[1] - middle, middle - interval[0]) / middle


def widest_fraction(rounds: Iterable[Round]) -> float | None:
    """The interval's fraction of the process whose own reaches furthest; None where one of them has no interval.

    Rounds of different processes are never thrown together: their figure is the mean over processes, and an interval
    over all rounds would belong to another number.
    """
    fractions = [
        interval_fraction([round_.seconds for round_ in process_rounds])
        for process_rounds in rounds_by_process(rounds).values()
    ]
    known = [fraction for fraction in fractions if fraction is not None]
    return max(known) if known and len(known) == len(fractions) else None


def all_narrow(rounds: Iterable[Round]) -> bool:
    """True when the rounds of every process were narrow enough by themselves."""
    processes = rounds_by_process(rounds).values()
    return all(is_narrow([round_.seconds for round_ in process_rounds]) for process_rounds in processes)


def is_narrow(samples: Sequence[float]) -> bool:
    """True when the rounds may end."""
    if len(samples) < MINIMUM_ROUNDS:
        return False
    fraction = interval_fraction(samples)
    return fraction is not None and fraction <= INTERVAL_WIDTH
