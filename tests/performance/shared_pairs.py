"""What it costs that the cases of a gate share its pairs of processes, by simulation.

Whatever a pair does to all of its cases alike makes their answers alike, too: false alarms then come together, and so
do misses. Bonferroni's bound holds however much they depend on each other. It only draws, counts and prints:

    python -m tests.performance.shared_pairs --cases 32 --runs 400 --out shared_pairs.jsonl
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean

import msgspec
import numpy as np
from tabulate import tabulate

from speedscore.verdicts.verdict import VerdictPolicy
from tests.gate.simulated_gates import SharedPairs, run_of_cases
from tests.performance.gate_trials import share


class Simulated(msgspec.Struct, frozen=True):
    """What came of runs whose cases share their pairs, one of them slower by 5 % and one by 2 % in half of the runs."""

    cases: int
    common: float
    """Spread of what a pair does to all of its cases alike."""
    own: float
    margin: float
    runs: int
    alarmed: int
    """Of the runs without a change those in which a case regressed."""
    alarms: int
    """Cases that regressed in those."""
    found: int
    """Of the runs with a change those in which the 5 % was found."""
    small_found: int
    small_passed: int
    """Those in which the 2 % was called unchanged."""
    inconclusive: int
    """Cases without a change, in all runs."""
    pairs: float
    """Of a case without a change, in the mean."""


def simulate(cases: int, common: float, *, margin: float, runs: int, seed: int) -> Simulated:
    """``runs`` without a change, and as many in which two cases are slower."""
    rng, policy = np.random.default_rng(seed), VerdictPolicy(margin=margin)
    noise = SharedPairs(common=common)
    null = [run_of_cases(rng, noise, slowdowns=[0.0] * cases, policy=policy) for _ in range(runs)]
    slower = [
        run_of_cases(rng, noise, slowdowns=[0.05, 0.02, *[0.0] * (cases - 2)], policy=policy) for _ in range(runs)
    ]
    alarms = [sum(case.outcome == "regressed" for case in run) for run in null]
    unchanged = [case for run in null for case in run] + [case for run in slower for case in run[2:]]
    return Simulated(
        cases=cases,
        common=common,
        own=noise.own,
        margin=margin,
        runs=runs,
        alarmed=sum(map(bool, alarms)),
        alarms=sum(alarms),
        found=sum(run[0].outcome == "regressed" for run in slower),
        small_found=sum(run[1].outcome == "regressed" for run in slower),
        small_passed=sum(run[1].outcome == "unchanged" for run in slower),
        inconclusive=sum(case.outcome == "inconclusive" for case in unchanged),
        pairs=fmean(case.pairs for case in unchanged),
    )


def tally(simulated: Iterable[Simulated]) -> str:
    """A line for each condition."""
    rows = [
        (
            each.cases,
            f"{100 * each.common:g} %",
            f"{100 * each.margin:g} %",
            share(each.alarmed, each.runs),
            each.alarms,
            share(each.found, each.runs),
            share(each.small_found, each.runs),
            each.small_passed,
            f"{each.pairs:.1f}",
        )
        for each in simulated
    ]
    headers = (
        "benchmarks", "common spread", "margin", "runs with a false alarm", "false alarms", "5 % found", "2 % found",
        "2 % passed", "pairs a case",
    )  # fmt: skip
    return tabulate(rows, headers=headers, tablefmt="github")


def load(path: Path) -> list[Simulated]:
    return [msgspec.json.decode(line, type=Simulated) for line in path.read_bytes().splitlines()]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, required=True, help="benchmarks in a run")
    parser.add_argument("--runs", type=int, required=True, help="without a change, and as many with one")
    parser.add_argument("--common", default="0,0.01", help="spreads of what a pair does to all of its cases alike")
    parser.add_argument("--margins", default="0.01,0", help="with a margin of 0 alarms are the statistics' own")
    parser.add_argument("--out", type=Path, required=True, help="a line of JSON for each condition is appended")
    asked = parser.parse_args(arguments)
    for margin in map(float, asked.margins.split(",")):
        for common in map(float, asked.common.split(",")):
            done = simulate(asked.cases, common, margin=margin, runs=asked.runs, seed=asked.cases)
            with asked.out.open("ab") as out:
                out.write(msgspec.json.encode(done) + b"\n")
    print(tally(load(asked.out)))


if __name__ == "__main__":
    main()
