"""What other rules say of the same two commits as the gate: how often each cries wolf, and what it finds.

Each trial is a fresh repository of ``gate_trials``, judged by every rule in the same minutes, in a drawn order. A rule
is given the threshold of 5 % that people set, and its own defaults else. The tools are installed in an environment of
their own, named by ``--tools``; it only counts and prints:

    python -m venv /tmp/tools
    /tmp/tools/bin/pip install numpy pytest pytest-benchmark pyperf asv pytest-codspeed pytest-perf
    python -m tests.performance.peer_trials --tools /tmp/tools --kinds null,slower-5 --trials 20 --out trials.jsonl
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
from tabulate import tabulate

from tests.performance.gate_trials import KINDS, checkout_pair, neighbour_process
from tests.performance.trials import (
    add_conditions,
    add_minutes,
    commit_all,
    commit_of_code,
    conditions,
    gated,
    git,
    in_time,
    keep,
    now,
    parser_of,
    read_lines,
    share,
    single_threaded,
    this_machine,
)

THRESHOLD = 0.05
BENCHMARKS = ("test_matmul", "test_loop")
_RUNNER = """
import sys
import pyperf
sys.path.insert(0, {folder!r})
import test_work
runner = pyperf.Runner()
for name in {names!r}:
    found = []
    getattr(test_work, name)(found.append)
    runner.bench_func(name, found[0])
"""
_ASV_BENCHMARKS = """
import os, sys
sys.path.insert(0, os.environ["PEER_TRIAL_FOLDER"])
import test_work


def _work(name):
    found = []
    getattr(test_work, name)(found.append)
    return found[0]


class Work:
    def setup(self):
        self.works = {{name: _work(name) for name in {names!r}}}

    def time_test_matmul(self):
        self.works["test_matmul"]()

    def time_test_loop(self):
        self.works["test_loop"]()
"""

_PERF_PROJECT = """
[build-system]
requires = ["flit_core"]
build-backend = "flit_core.buildapi"

[project]
name = "trial_perf"
version = "1"
description = "The work of a trial."
"""
_PERF_RUNNER = """
import sys
from pytest_perf.runner import BenchmarkRunner, Command

runner = BenchmarkRunner(control=sys.argv[1])
for name in sys.argv[2:]:
    warmup = f"import trial_perf; found = []; trial_perf.{name}(found.append); work = found[0]"
    print("timed", name, runner.run(Command.create("perf", exercise="work()", warmup=warmup)).variance)
"""


class PeerTrial(msgspec.Struct, frozen=True):
    """What one rule said of one repository."""

    rule: str
    kind: str
    neighbour: bool
    seconds: float
    slowed: tuple[str, ...]
    """The benchmarks that it called slower."""
    changed: str
    """The one that is; empty where none is."""
    when: str
    """It ended."""
    commit: str
    """Of the gate's code."""
    machine: str
    """The name of its processors and how many of them the trial may use."""

    @property
    def alarmed(self) -> bool:
        return bool(self.slowed)

    @property
    def right(self) -> bool:
        return {*self.slowed} == ({self.changed} if KINDS[self.kind].is_slower else set())


class Pair(msgspec.Struct, frozen=True):
    """Two checkouts of one repository, and the environment of the tools."""

    base: Path
    head: Path
    tools: Path

    def run(self, *command: str, cwd: Path, **variables: str) -> str:
        """What a program of the tools printed. Raises RuntimeError where it wrote nothing and failed."""
        done = subprocess.run(
            [str(self.tools / "bin" / command[0]), *command[1:]],
            cwd=cwd,
            env=single_threaded() | variables,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode and not done.stdout:
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
        return done.stdout


def gate(pair: Pair) -> set[str]:
    """Ours, in this environment: head against base."""
    against = ("--benchmark-only", "-p", "no:cacheprovider", f"--gate={pair.base}")
    verdicts = gated(pair.head, environment=single_threaded(), base=against).report["verdicts"]
    return {each["case"].partition("::")[2] for each in verdicts if each["outcome"] == "regressed"}


def compare_fail(statistic: str) -> Callable[[Pair], set[str]]:
    """``--benchmark-compare-fail=STATISTIC:5%`` of pytest-benchmark; base is run and saved, then head."""

    def judge(pair: Pair) -> set[str]:
        means = [_pytest_benchmark(pair, side, statistic) for side in (pair.base, pair.head)]
        return _slower(*means)

    return judge


def _pytest_benchmark(pair: Pair, side: Path, statistic: str) -> dict[str, float]:
    saved = side / "saved.json"
    pair.run(
        "python", "-m", "pytest", "--benchmark-only", "-p", "no:cacheprovider", f"--benchmark-json={saved}", cwd=side
    )
    return {each["name"]: each["stats"][statistic] for each in json.loads(saved.read_bytes())["benchmarks"]}


def codspeed(pair: Pair) -> set[str]:
    """pytest-codspeed's walltime mode; its service compares, here by the medians and the threshold."""
    return _slower(*(_walltime(pair, side) for side in (pair.base, pair.head)))


def _walltime(pair: Pair, side: Path) -> dict[str, float]:
    pair.run(
        "python", "-m", "pytest", "--codspeed", "--codspeed-mode", "walltime", "-p", "no:cacheprovider",
        "-p", "no:benchmark", cwd=side,
    )  # fmt: skip
    (saved,) = (side / ".codspeed").glob("results_*.json")
    return {each["name"]: each["stats"]["median_ns"] for each in json.loads(saved.read_bytes())["benchmarks"]}


def pyperf_compare(pair: Pair) -> set[str]:
    """``pyperf compare_to``: significant by its t test over processes, and beyond the threshold."""
    for side in (pair.base, pair.head):
        script = side / "run_pyperf.py"
        script.write_text(_RUNNER.format(folder=str(side), names=BENCHMARKS))
        pair.run(
            "python", str(script), "--fast", "-o", str(side / "pyperf.json"),
            "--inherit-environ", "OMP_NUM_THREADS,OPENBLAS_NUM_THREADS", cwd=side,
        )  # fmt: skip
    judging = (
        "import sys, pyperf\n"
        "base, head = (pyperf.BenchmarkSuite.load(path) for path in sys.argv[1:])\n"
        "from pyperf._utils import is_significant\n"
        "for each in head:\n"
        "    other = base.get_benchmark(each.get_name())\n"
        "    significant, _ = is_significant(other.get_values(), each.get_values())\n"
        "    if significant and each.mean() > other.mean() * 1.05: print(each.get_name())\n"
    )
    saved = (str(side / "pyperf.json") for side in (pair.base, pair.head))
    return set(pair.run("python", "-c", judging, *saved, cwd=pair.head).split())


def asv_compare(pair: Pair) -> set[str]:
    """``asv compare --factor 1.05`` of runs of both commits in one existing environment."""
    folder = pair.head / "asv"
    (folder / "benchmarks").mkdir(parents=True, exist_ok=True)
    (folder / "benchmarks" / "__init__.py").touch()
    (folder / "benchmarks" / "work.py").write_text(_ASV_BENCHMARKS.format(names=BENCHMARKS))
    (folder / "asv.conf.json").write_text(
        json.dumps({"version": 1, "project": "trial", "repo": str(pair.head), "branches": ["HEAD"],
                    "benchmark_dir": "benchmarks", "results_dir": "results", "environment_type": "existing"})
    )  # fmt: skip
    pair.run("asv", "machine", "--yes", cwd=folder, HOME=str(folder))
    commits = []
    for side in (pair.base, pair.head):
        commit = git(side, "rev-parse", "HEAD")
        commits.append(commit)
        python = str(pair.tools / "bin" / "python")
        pair.run(
            "asv", "run", "-E", f"existing:{python}", "--set-commit-hash", commit, cwd=folder, HOME=str(folder),
            PEER_TRIAL_FOLDER=str(side),
        )  # fmt: skip
    told = pair.run("asv", "compare", "--factor", "1.05", *commits, cwd=folder, HOME=str(folder))
    return {name for name in BENCHMARKS for line in told.splitlines() if line.startswith("| +") and name in line}


def pytest_perf(pair: Pair) -> set[str]:
    """pytest-perf installs both commits and times each by ``timeit``; it prints a share, here held against the
    threshold (its own calls more than 100 % significant)."""
    project = pair.head / "trial_perf"
    project.mkdir()
    (project / "pyproject.toml").write_text(_PERF_PROJECT)
    git(project, "init", "--quiet")
    # pip takes no address of git without a host.
    git(project, "remote", "add", "origin", f"file://localhost{project}")
    for side in (pair.base, pair.head):
        (project / "trial_perf.py").write_bytes((side / "test_work.py").read_bytes())
        commit_all(project, side.name)
    base = git(project, "rev-parse", "HEAD~1")
    path = f"{pair.tools / 'bin'}{os.pathsep}{os.environ['PATH']}"  # it installs by the first pip that it finds
    told = pair.run("python", "-c", _PERF_RUNNER, base, *BENCHMARKS, cwd=project, PATH=path)
    timed = (line.split()[1:] for line in told.splitlines() if line.startswith("timed "))
    return {name for name, change in timed if float(change) > THRESHOLD}


RULES: dict[str, Callable[[Pair], set[str]]] = {
    "speedscore gate": gate,
    "pytest-benchmark mean:5%": compare_fail("mean"),
    "pytest-benchmark min:5%": compare_fail("min"),
    "pytest-codspeed walltime, 5 %": codspeed,
    "pyperf compare_to, 5 %": pyperf_compare,
    "asv compare, factor 1.05": asv_compare,
    "pytest-perf, 5 %": pytest_perf,
}


def _slower(base: dict[str, float], head: dict[str, float]) -> set[str]:
    return {name for name, value in head.items() if value > base[name] * (1 + THRESHOLD)}


def run_trial(kind: str, *, neighbour: bool, tools: Path, order: random.Random) -> Iterator[PeerTrial]:
    """One repository, and what each rule says of it."""
    with checkout_pair(kind, order=order) as (base, head, changed), neighbour_process(wanted=neighbour):
        pair = Pair(base, head, tools)
        for rule in order.sample(sorted(RULES), k=len(RULES)):
            began = time.monotonic()
            slowed = RULES[rule](pair)
            yield PeerTrial(
                rule=rule,
                kind=kind,
                neighbour=neighbour,
                seconds=time.monotonic() - began,
                slowed=tuple(sorted(slowed)),
                changed=changed,
                when=now(),
                commit=commit_of_code(),
                machine=this_machine(),
            )


def tally(trials: Iterable[PeerTrial]) -> str:
    """A line a rule: false alarms, what was found, seconds a benchmark; exact 95 % intervals."""
    by_rule: dict[str, list[PeerTrial]] = {}
    for trial in trials:
        by_rule.setdefault(trial.rule, []).append(trial)
    rows = []
    for rule in sorted(by_rule, key=[*RULES].index):
        own = by_rule[rule]
        null = [trial for trial in own if not KINDS[trial.kind].is_slower]
        slowed = [trial for trial in own if KINDS[trial.kind].is_slower]
        rows.append(
            (
                rule,
                share(sum(trial.alarmed for trial in null), len(null)) if null else "",
                share(sum(trial.right for trial in slowed), len(slowed)) if slowed else "",
                f"{statistics.median(trial.seconds for trial in own) / len(BENCHMARKS):.1f}",
            )
        )
    return tabulate(
        rows,
        headers=("rule", "alarms where nothing changed", "found, and no other named", "s a benchmark"),
        tablefmt="github",
    )


def load(path: Path) -> list[PeerTrial]:
    return read_lines(path, PeerTrial)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--tools", type=Path, required=True, help="an environment with the other tools")
    add_conditions(parser, KINDS)
    add_minutes(parser)
    asked = parser.parse_args(arguments)
    order = random.Random()
    for kind, neighbour in in_time(conditions(asked, order), asked.minutes):
        for trial in run_trial(kind, neighbour=neighbour, tools=asked.tools, order=order):
            keep(trial, asked.out)
    print(tally(load(asked.out)))


if __name__ == "__main__":
    main()
