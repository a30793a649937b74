"""Gates on repositories with many small benchmarks: how long they take, what they say, and what sharing pairs costs.

A repository is made whose two commits differ by a comment, or by more work in one benchmark, and gated as its users
would gate it. The simulation draws runs whose cases share what a pair of processes does to all of them. It only counts
and prints:

    python -m tests.performance.many_benchmarks --cases 32,200 --kinds null,slower-5 --out many.jsonl
    python -m tests.performance.many_benchmarks --simulate 200 --out shared.jsonl
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import TypeVar

import msgspec
import numpy as np
from scipy.stats import binomtest
from tabulate import tabulate

from speedscore.verdicts.verdict import VerdictPolicy
from tests.gate.simulated_gates import SharedPairs, run_of_cases

RESULTS = Path(__file__).parent / "results"

KINDS = {"null": 1.0, "slower-2": 1.02, "slower-5": 1.05}
"""How much work the changed benchmark does on head; of ``null`` none has changed."""

IN_A_FILE = 8
"""Benchmarks in a test file, each file with a module of its own that it measures."""

_MODULE = """
import json
import re

WORDS = re.compile(r"[a-z]+")


def count(units):
    counts = {}
    for number in range(round(units * 20)):
        counts[number % 1000] = counts.get(number % 997, 0) + 1
    return counts


def order(units):
    return sorted((number * 7919) % 10007 for number in range(round(units * 15)))


def encode(units):
    return json.dumps([{"number": number, "text": "a text"} for number in range(round(units * 2))])


def search(units):
    return len(WORDS.findall("one two three " * round(units * 3)))


# {remark}
"""

_TEST = """
import pytest
from library import module_{number} as library

UNITS = {units}


@pytest.mark.parametrize("size", [20, 200])
@pytest.mark.parametrize("name", ["count", "order", "encode", "search"])
def test_it(benchmark, name, size):
    benchmark(getattr(library, name), size * UNITS.get((name, size), 1))
"""


class ManyTrial(msgspec.Struct, frozen=True):
    """What came of one repository."""

    cases: int
    kind: str
    affected: bool
    """Whether it was gated with --gate-affected, one of its modules having changed."""
    seconds: float
    exit_code: int
    pairs: int
    looks: tuple[int, ...]
    early_looks: tuple[int, ...]
    outcomes: dict[str, int]
    """Of time: how often each was said."""
    changed: str
    """What was said of the benchmark that was slowed; empty where none was."""
    wrong: int
    """Benchmarks that did not change and were called regressed, in time or in memory."""
    left_out: int
    pairs_of_cases: tuple[int, ...]
    """How many pairs each case took, rising."""
    load: float
    """Of the machine as it began, processes at work."""
    processors: int
    commit: str
    """Of speedscore."""


def run_trial(cases: int, kind: str, *, affected: bool, order: random.Random) -> ManyTrial:
    """Make a repository and gate its second commit against the first."""
    with tempfile.TemporaryDirectory(prefix="many benchmarks ") as folder:
        repository = Path(folder)
        changed = _make(repository, cases, kind, order)
        report_path = repository.parent / f"{repository.name}.json"
        load = os.getloadavg()[0]
        began = time.monotonic()
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "--benchmark-only", "-p", "no:cacheprovider", "--gate=HEAD~1"),
                *(f"--gate-json={report_path}", *(["--gate-affected"] if affected else [])),
            ],
            cwd=repository,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - began
        if not report_path.exists():
            raise RuntimeError(f"the gate left no report:\n{done.stdout}\n{done.stderr}")
        report = json.loads(report_path.read_bytes())
        report_path.unlink()
    times = [each for each in report["verdicts"] if each["metric"] == "time"]
    regressed = {each["case"] for each in report["verdicts"] if each["outcome"] == "regressed"}
    return ManyTrial(
        cases=cases,
        kind=kind,
        affected=affected,
        seconds=seconds,
        exit_code=done.returncode,
        pairs=report["pairs"],
        looks=tuple(report["looks"]),
        early_looks=tuple(report["early_looks"]),
        outcomes=dict(Counter(each["outcome"] for each in times)),
        changed=next((each["outcome"] for each in times if each["case"] == changed), ""),
        wrong=len(regressed - {changed}),
        left_out=len(report["left_out"]),
        pairs_of_cases=tuple(sorted(each["pairs"] for each in times)),
        load=load,
        processors=len(os.sched_getaffinity(0)),
        commit=_commit(),
    )


def _make(repository: Path, cases: int, kind: str, order: random.Random) -> str:
    """Two commits; the id of the benchmark whose work differs, empty where none does."""
    files = range(-(-cases // IN_A_FILE))
    slowed = order.choice(files)
    name, size = order.choice(("count", "order", "encode", "search")), order.choice((20, 200))
    _git(repository, "init", "--quiet")
    (repository / "library").mkdir()
    (repository / "library/__init__.py").touch()
    (repository / "pyproject.toml").touch()
    for remark, factor in (("base", 1.0), ("head", KINDS[kind])):
        for number in files:
            # With --gate-affected one module has changed, and the tests of the others are left out.
            own_remark = remark if number == slowed else "base"
            (repository / f"library/module_{number}.py").write_text(_MODULE.format(remark=own_remark))
            units = {(name, size): factor} if number == slowed and factor != 1 else {}
            (repository / f"test_{number:02}.py").write_text(_TEST.format(number=number, units=units))
        _git(repository, "add", ".")
        _git(repository, "-c", "user.name=trial", "-c", "user.email=trial@here", "commit", "--quiet", "-m", remark)
    return f"test_{slowed:02}.py::test_it[{name}-{size}]" if KINDS[kind] != 1 else ""


def _git(repository: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=repository, check=True, capture_output=True)


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def tally(trials: Iterable[ManyTrial]) -> str:
    """A line for each kind."""
    groups: dict[tuple[int, str, bool], list[ManyTrial]] = {}
    for trial in trials:
        groups.setdefault((trial.cases, trial.kind, trial.affected), []).append(trial)
    rows = []
    for (cases, kind, affected), own in sorted(groups.items()):
        said = Counter[str]()
        for trial in own:
            said.update(trial.outcomes)
        minutes = sorted(trial.seconds / 60 for trial in own)
        measured = [pairs for trial in own for pairs in trial.pairs_of_cases]
        rows.append(
            (
                cases,
                f"{kind}, --gate-affected" if affected else kind,
                len(own),
                f"{minutes[0]:.1f} to {minutes[-1]:.1f}" if len(own) > 1 else f"{minutes[0]:.1f}",
                f"{median(measured):.0f}" if measured else "",
                f"{sum(trial.left_out for trial in own) / len(own):.0f}",
                ", ".join(f"{count} {outcome}" for outcome, count in said.most_common()),
                f"{sum(trial.changed == 'regressed' for trial in own)} of {len(own)}" if kind != "null" else "",
                sum(trial.wrong for trial in own),
                f"{fmean(trial.load for trial in own):.1f}",
            )
        )
    headers = (
        "benchmarks", "head", "gates", "minutes", "pairs of half the cases", "left out", "verdicts on time", "found",
        "false alarms", "load at the start",
    )  # fmt: skip
    return tabulate(rows, headers=headers, tablefmt="github")


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


def simulated_table(simulated: Iterable[Simulated]) -> str:
    rows = [
        (
            each.cases,
            f"{100 * each.common:g} %",
            f"{100 * each.margin:g} %",
            _share(each.alarmed, each.runs),
            each.alarms,
            _share(each.found, each.runs),
            _share(each.small_found, each.runs),
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


def _share(count: int, total: int) -> str:
    """With the exact 95 % interval (Clopper and Pearson)."""
    interval = binomtest(count, total).proportion_ci(method="exact")
    return f"{count} of {total} [{100 * interval.low:.1f}, {100 * interval.high:.1f} %]"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", default="32,200", help="how many benchmarks the repositories have")
    parser.add_argument("--kinds", default="null,slower-5", help=f"some of {', '.join(KINDS)}")
    parser.add_argument("--trials", type=int, default=1, help="of each")
    parser.add_argument("--affected", action="store_true", help="gate with --gate-affected")
    parser.add_argument("--simulate", type=int, metavar="RUNS", help="instead draw so many runs for each condition")
    parser.add_argument("--out", type=Path, required=True, help="a line of JSON for each trial is appended")
    asked = parser.parse_args(arguments)
    sizes = [int(size) for size in asked.cases.split(",")]
    if asked.simulate:
        for cases in sizes:
            for common in (0.0, 0.005, 0.01, 0.02):
                for margin in (0.01, 0.0):
                    done = simulate(cases, common, margin=margin, runs=asked.simulate, seed=cases)
                    _append(asked.out, done)
        print(simulated_table(_load(asked.out, Simulated)))
        return
    order = random.Random()
    for _ in range(asked.trials):
        for cases in sizes:
            for kind in asked.kinds.split(","):
                _append(asked.out, run_trial(cases, kind, affected=asked.affected, order=order))
    print(tally(_load(asked.out, ManyTrial)))


def _append(path: Path, line: msgspec.Struct) -> None:
    with path.open("ab") as out:
        out.write(msgspec.json.encode(line) + b"\n")


Line = TypeVar("Line", bound=msgspec.Struct)


def _load(path: Path, kind: type[Line]) -> list[Line]:
    return [msgspec.json.decode(line, type=kind) for line in path.read_bytes().splitlines()]


if __name__ == "__main__":
    main()
