"""What it costs that the cases of a gate share its pairs of processes, by simulation.

Whatever a pair does to all of its cases alike makes their answers alike, too: false alarms then come together, and so
do misses. The spread of a case's pairs is the same in all conditions; what differs is how much of it all cases
have in common. It only draws, counts and prints:

    python -m tests.performance.shared_pairs --cases 32 --runs 1000 --out shared_pairs.jsonl
"""

from __future__ import annotations

import argparse
import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean

import msgspec
import numpy as np
from numpy.typing import NDArray
from tabulate import tabulate

from speedscore.verdicts.signed_rank import lower_limit
from speedscore.verdicts.verdict import LOOKS, VerdictPolicy, looks
from tests.gate.simulated_gates import SharedPairs, run_of_cases
from tests.performance.trials import share

SPREAD = 0.014
"""Of the log ratios of a case's typical rounds, from pair to pair."""
ALARMING = VerdictPolicy(margin=0.0, false_alarm=0.2)
"""Where no margin hides an alarm, and they are allowed often enough to be counted."""
_AT_ONCE = 20
"""Runs that are drawn together."""


class Simulated(msgspec.Struct, frozen=True):
    """What came of one condition."""

    cases: int
    common_share: float
    """Of the variance."""
    runs: int
    """Without a change, by the policy ``ALARMING``."""
    alarmed_runs: int
    alarms: int
    """Cases that regressed in them."""
    slowed_runs: int
    """By the ordinary policy, with a case that is 5 % slower and one that is 2 % slower."""
    five_found: int
    two_found: int
    two_passed: int
    """How often the 2 % was called unchanged."""
    two_passed_early: int
    """How often before the first look."""
    calm_cases: int
    """Without a change, by the ordinary policy."""
    calm_alarms: int
    calm_pairs: float
    """Of a case, in the mean."""


def simulate(cases: int, common_share: float, *, runs: int, seed: int) -> Simulated:
    """As many runs without a change and with one; a twentieth of them is played to the end for all cases."""
    rng, policy = np.random.default_rng(seed), VerdictPolicy()
    noise = SharedPairs(common=SPREAD * math.sqrt(common_share), own=SPREAD * math.sqrt(1 - common_share))
    figure_count = 3 * cases
    alarms = np.concatenate(
        [count_alarms(rng, noise, cases, runs=_AT_ONCE, figure_count=figure_count) for _ in range(runs // _AT_ONCE)]
    )
    slowed = [
        run_of_cases(rng, noise, slowdowns=[0.05, 0.02], policy=policy, figure_count=figure_count) for _ in range(runs)
    ]
    calm = [
        case
        for _ in range(runs // 20)
        for case in run_of_cases(rng, noise, slowdowns=[0.0] * cases, policy=policy, figure_count=figure_count)
    ]
    first = looks(policy, figure_count=figure_count)[0]
    return Simulated(
        cases=cases,
        common_share=common_share,
        runs=len(alarms),
        alarmed_runs=int((alarms > 0).sum()),
        alarms=int(alarms.sum()),
        slowed_runs=len(slowed),
        five_found=sum(five.outcome == "regressed" for five, _ in slowed),
        two_found=sum(two.outcome == "regressed" for _, two in slowed),
        two_passed=sum(two.outcome == "unchanged" for _, two in slowed),
        two_passed_early=sum(two.outcome == "unchanged" and two.pairs < first for _, two in slowed),
        calm_cases=len(calm),
        calm_alarms=sum(case.outcome == "regressed" for case in calm),
        calm_pairs=fmean(case.pairs for case in calm),
    )


def count_alarms(
    rng: np.random.Generator, noise: SharedPairs, cases: int, *, runs: int, figure_count: int
) -> NDArray[np.int64]:
    """In how many cases of each run the typical round or the mean lies above 0 at any look, by ``ALARMING``.

    ``figure_count`` are those of the whole gate, whose cases these may be a share of. The limit of the signed ranks
    lies above 0 where the ranks of what is below 0 sum up to no more than its own.
    """
    schedule = looks(ALARMING, figure_count=figure_count)
    common = rng.normal(0.0, noise.common, (runs, 1, schedule[-1]))
    typical = common + rng.normal(0.0, noise.own, (runs, cases, schedule[-1]))
    mean = typical + rng.normal(0.0, noise.of_mean, typical.shape)
    alarmed = np.zeros((runs, cases), dtype=bool)
    for figure in (typical, mean):
        for pairs in schedule:
            values = figure[..., :pairs]
            ranks = np.abs(values).argsort(axis=-1).argsort(axis=-1) + 1
            below = np.where(values < 0, ranks, 0).sum(axis=-1)
            alarmed |= below <= _largest_sum(pairs, error=ALARMING.false_alarm / figure_count / LOOKS)
    return np.asarray(alarmed.sum(axis=1), dtype=np.int64)


def _largest_sum(pairs: int, *, error: float) -> int:
    """The rank sum that the limit stands for: its place among the means of all two of the values."""
    values = np.random.default_rng(pairs).normal(size=pairs).tolist()
    means = sorted((one + other) / 2 for place, one in enumerate(values) for other in values[place:])
    return bisect_left(means, lower_limit(values, error=error))


def tally(simulated: Iterable[Simulated]) -> str:
    """A line for each condition."""
    rows = [
        (
            each.cases,
            f"{100 * each.common_share:g} %",
            share(each.alarmed_runs, each.runs),
            each.alarms,
            share(each.five_found, each.slowed_runs),
            share(each.two_found, each.slowed_runs),
            f"{each.two_passed} ({each.two_passed_early})",
            f"{each.calm_alarms} of {each.calm_cases}",
            f"{each.calm_pairs:.1f}",
        )
        for each in simulated
    ]
    headers = (
        "cases", "in common", "runs with an alarm, where 20 % may", "alarms", "5 % found", "2 % found",
        "2 % passed (early)", "false alarms of cases, margin 1 %", "pairs of a case without a change",
    )  # fmt: skip
    return tabulate(rows, headers=headers, tablefmt="github")


def load(path: Path) -> list[Simulated]:
    return [msgspec.json.decode(line, type=Simulated) for line in path.read_bytes().splitlines()]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, required=True, help="benchmarks in a run")
    parser.add_argument("--runs", type=int, required=True, help="without a change, and as many with one")
    parser.add_argument("--common", default="0,0.5,0.9", help="shares of the variance that all cases have in common")
    parser.add_argument("--out", type=Path, required=True, help="a line of JSON for each condition is appended")
    asked = parser.parse_args(arguments)
    for common_share in map(float, asked.common.split(",")):
        done = simulate(asked.cases, common_share, runs=asked.runs, seed=asked.cases)
        with asked.out.open("ab") as out:
            out.write(msgspec.json.encode(done) + b"\n")
    print(tally(load(asked.out)))


if __name__ == "__main__":
    main()
