"""The error rates of a gate whose cases are shared out over machines, by simulation.

Each machine has a noise of its own, from half to twice the usual, and pairs of its own, whose cases have a part of it
in common; all count the figures of the whole gate. It only draws, counts and prints:

    python -m tests.performance.fleet_gates --cases 48 --runs 2000 --out fleet_gates.jsonl
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import numpy as np
from tabulate import tabulate

from speedscore.gate.part import Part
from speedscore.verdicts.verdict import VerdictPolicy
from tests.gate.simulated_gates import SharedPairs, run_of_cases
from tests.performance.shared_pairs import SPREAD, count_alarms
from tests.performance.trials import keep, read_lines, share

MACHINES = (1, 4, 10)
COMMON_SHARE = 0.3
"""Of the variance of a machine's pairs, that its cases have in common."""
_AT_ONCE = 20
"""Runs that are drawn together."""


class Simulated(msgspec.Struct, frozen=True):
    """What came of one number of machines."""

    machines: int
    cases: int
    runs: int
    alarmed_runs: int
    """Without a change, by the policy ``shared_pairs.ALARMING``: with a case that regressed on any machine."""
    five_found: int
    """By the ordinary policy, in as many runs with one case that is 5 % slower."""


def simulate(machines: int, *, cases: int, runs: int, seed: int) -> Simulated:
    """As many runs without a change and with one."""
    rng = np.random.default_rng(seed)
    shares = [len(Part(number, machines).own(map(str, range(cases)))) for number in range(1, machines + 1)]
    figure_count = Part(1, machines).figure_count([3], cases=cases)
    alarmed = 0
    for _ in range(runs // _AT_ONCE):
        each = [count_alarms(rng, _noise(rng), own, runs=_AT_ONCE, figure_count=figure_count) for own in shares if own]
        alarmed += int(np.count_nonzero(np.sum(each, axis=0)))
    found = [
        run_of_cases(rng, _noise(rng), slowdowns=[0.05], policy=VerdictPolicy(), figure_count=figure_count)[0]
        for _ in range(runs)
    ]
    return Simulated(
        machines=machines,
        cases=cases,
        runs=runs // _AT_ONCE * _AT_ONCE,
        alarmed_runs=alarmed,
        five_found=sum(each.outcome == "regressed" for each in found),
    )


def _noise(rng: np.random.Generator) -> SharedPairs:
    """Of one machine."""
    spread = SPREAD * 2 ** rng.uniform(-1.0, 1.0)
    return SharedPairs(common=spread * math.sqrt(COMMON_SHARE), own=spread * math.sqrt(1 - COMMON_SHARE))


def tally(simulated: Iterable[Simulated]) -> str:
    """A line for each number of machines, with exact 95 % intervals."""
    rows = [
        (each.machines, each.cases, share(each.alarmed_runs, each.runs), share(each.five_found, each.runs))
        for each in simulated
    ]
    headers = ("machines", "cases", "runs with an alarm, where 20 % may", "5 % found")
    return tabulate(rows, headers=headers, tablefmt="github")


def load(path: Path) -> list[Simulated]:
    return read_lines(path, Simulated)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, required=True, help="benchmarks in a run")
    parser.add_argument("--runs", type=int, required=True, help="without a change, and as many with one")
    parser.add_argument(
        "--out", type=Path, required=True, help="a line of JSON for each number of machines is appended"
    )
    asked = parser.parse_args(arguments)
    for machines in MACHINES:
        keep(simulate(machines, cases=asked.cases, runs=asked.runs, seed=machines), asked.out)
    print(tally(load(asked.out)))


if __name__ == "__main__":
    main()
