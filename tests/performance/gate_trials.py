"""The gate as a black box: fresh repositories with two commits, of which it is known whether one is slower.

A slowdown is more work, never a changed timing. Beside the gate the rule that people have,
``--benchmark-compare-fail=mean:5%``, judges the same two commits in the same minute. It only counts and prints:

    python -m tests.performance.gate_trials --kinds null,slower-5 --trials 20 --out trials.jsonl
"""

from __future__ import annotations

import contextlib
import math
import random
import subprocess
import sys
import tempfile
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import fmean, stdev

import msgspec
from tabulate import tabulate

from tests.performance.trials import (
    PYTEST,
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


class Kind(msgspec.Struct, frozen=True):
    """In what head differs from base: in one of two benchmarks, or in the one that uses two threads."""

    units: int = 100
    """Of work, for 100 on base."""
    extra: float = 0.0
    """Share of its own work that some calls do in addition."""
    of_calls: float = 1.0
    """So large a share of the calls does it, drawn anew for each."""
    wait_seconds: float = 0.0
    """That those calls wait for nothing."""
    threads: bool = False
    burn: bool = False
    """Whether base is ``burn(300000)``, a loop of about 15 ms that allocates nothing."""

    @property
    def is_slower(self) -> bool:
        return self.units > 100 or self.extra > 0 or self.wait_seconds > 0

    @property
    def is_faster(self) -> bool:
        return self.units < 100 or self.extra < 0


KINDS = {
    "null": Kind(),
    "slower-2": Kind(102),
    "slower-5": Kind(105),
    "slower-10": Kind(110),
    "faster-5": Kind(95),
    "threads-null": Kind(threads=True),
    "threads-5": Kind(105, threads=True),
    "burn-null": Kind(burn=True),
    "burn-50-of-60": Kind(extra=0.5, of_calls=0.6, burn=True),
    "burn-50-of-75": Kind(extra=0.5, of_calls=0.75, burn=True),
    # Of the same mean size, 5 %, beside slower-5.
    "some-50-of-10": Kind(extra=0.5, of_calls=0.1),
    "some-10-of-50": Kind(extra=0.1, of_calls=0.5),
    "some-100-of-5": Kind(extra=1.0, of_calls=0.05),
    # Of other sizes.
    "some-5-of-90": Kind(extra=0.05, of_calls=0.9),
    "some-25-of-40": Kind(extra=0.25, of_calls=0.4),
    "some-100-of-10": Kind(extra=1.0, of_calls=0.1),
    "some-100-of-90": Kind(extra=1.0, of_calls=0.9),
    "some-wait-5-ms-of-20": Kind(wait_seconds=0.005, of_calls=0.2),
    "some-faster-50-of-10": Kind(extra=-0.5, of_calls=0.1),
    "threads-50-of-40": Kind(extra=0.5, of_calls=0.4, threads=True),
}
"""By name; ``some-50-of-10`` does 50 % more work in 10 % of the calls."""

_SOME_CALLS = """
import random
import time

DRAWN = random.Random()


def units(usual, extra, of_calls, wait_seconds):
    if DRAWN.random() >= of_calls:
        return usual
    if wait_seconds:
        time.sleep(wait_seconds)
    return round(usual * (1 + extra))

"""

_SINGLE = (
    _SOME_CALLS
    + """
import numpy as np

MATMUL_UNITS = {matmul}
LOOP_UNITS = {loop}
MATRIX = np.linspace(0.0, 1.0, 96 * 96).reshape(96, 96) / 96


def test_matmul(benchmark):
    def work():
        values = MATRIX
        for _ in range(units(*MATMUL_UNITS)):
            values = np.tanh(MATRIX @ values)
        return values

    benchmark(work)


def test_loop(benchmark):
    def work():
        counts = {{}}
        for number in range(units(*LOOP_UNITS) * 700):
            counts[number % 1000] = counts.get(number % 997, 0) + 1
        return counts

    benchmark(work)
# {remark}
"""
)

_BURN = (
    _SOME_CALLS
    + """
UNITS = {loop}


def test_burn(benchmark):
    def work():
        total = 0
        for number in range(units(*UNITS) * 3000):
            total += number
        return total

    benchmark(work)
# {remark}
"""
)

_THREADS = (
    _SOME_CALLS
    + """
from concurrent.futures import ThreadPoolExecutor

import numpy as np

UNITS = {matmul}
MATRIX = np.linspace(0.0, 1.0, 160 * 160).reshape(160, 160) / 160


def work(repeats):
    values = MATRIX
    for _ in range(repeats):
        values = np.tanh(MATRIX @ values)
    return values


def test_two_threads(benchmark):
    with ThreadPoolExecutor(2) as pool:
        benchmark(lambda: list(pool.map(work, [units(*UNITS)] * 2)))
# {remark}
"""
)

_NEIGHBOUR = """
import time
while True:
    end = time.perf_counter() + 0.05
    while time.perf_counter() < end:
        pass
    time.sleep(0.05)
"""


class Trial(msgspec.Struct, frozen=True):
    """What came of one repository."""

    kind: str
    neighbour: bool
    detect: str
    exit_code: int
    seconds: float
    cases: int
    pairs: int
    verdicts: dict[str, str]
    """Of time, by the benchmark's name."""
    figures: dict[str, dict[str, str]]
    """What its typical round and its mean say, by the benchmark's name."""
    changed: str
    """The benchmark whose work differs; empty where none does."""
    mean_rule: bool | None
    """Whether ``mean:5%`` raised an alarm; None where it was not asked."""
    load: float
    """Of the machine as it began, processes at work; the trial before it counts among them."""
    when: str
    commit: str
    """Of the gate's code."""
    machine: str = ""
    """The name of its processors and how many of them the trial may use; empty in the oldest lines."""

    @property
    def alarmed(self) -> bool:
        return self.exit_code == 10

    @property
    def right(self) -> bool:
        """The one that was slowed was named, and no other."""
        slowed = {name for name, verdict in self.verdicts.items() if verdict == "regressed"}
        return slowed == ({self.changed} if KINDS[self.kind].is_slower else set())


def run_trial(kind: str, *, neighbour: bool, detect: str, mean_rule: bool, order: random.Random) -> Trial:
    """Make a repository, gate its second commit against the first, and let the other rule judge the same two."""
    with tempfile.TemporaryDirectory(prefix="gate trial ") as folder, neighbour_process(wanted=neighbour):
        repository = Path(folder)
        changed = _make(repository, kind, order)
        environment = single_threaded()
        ran = gated(repository, f"--gate-detect={detect}", environment=environment)
        return Trial(
            kind=kind,
            neighbour=neighbour,
            detect=detect,
            exit_code=ran.exit_code,
            seconds=ran.seconds,
            cases=len(ran.times),
            pairs=ran.report["pairs"],
            verdicts={name: each["outcome"] for name, each in ran.times.items()},
            figures={
                name: {figure["figure"]: f"{figure['outcome']} {figure['ratio']:.3f}" for figure in each["figures"]}
                for name, each in ran.times.items()
            },
            changed=changed,
            mean_rule=_mean_rule(repository, environment) if mean_rule else None,
            load=ran.load,
            when=now(),
            commit=commit_of_code(),
            machine=this_machine(),
        )


@contextlib.contextmanager
def checkout_pair(kind: str, *, order: random.Random) -> Iterator[tuple[Path, Path, str]]:
    """Two folders, one at each commit of a fresh repository, and the benchmark whose work differs."""
    with tempfile.TemporaryDirectory(prefix="peer-trial-") as folder:
        head, base = Path(folder) / "head", Path(folder) / "base"
        head.mkdir()
        changed = _make(head, kind, order)
        git(head, "worktree", "add", "--quiet", "--detach", str(base), "HEAD~1")
        yield base, head, changed


def _make(repository: Path, kind: str, order: random.Random) -> str:
    """Two commits; the name of the benchmark whose work differs, empty where none does."""
    what = KINDS[kind]
    text = _THREADS if what.threads else _BURN if what.burn else _SINGLE
    slowed = "matmul" if what.threads else "loop" if what.burn else order.choice(("matmul", "loop"))
    git(repository, "init", "--quiet")
    for remark, changed in (
        ("base", {}),
        ("head", {slowed: (what.units, what.extra, what.of_calls, what.wait_seconds)}),
    ):
        usual = (100, 0.0, 1.0, 0.0)
        units = {"matmul": usual, "loop": usual} | changed
        (repository / "test_work.py").write_text(text.format(remark=remark, **units))
        commit_all(repository, remark)
    if not (what.is_slower or what.is_faster):
        return ""
    return "test_two_threads" if what.threads else "test_burn" if what.burn else f"test_{slowed}"


def _mean_rule(repository: Path, environment: dict[str, str]) -> bool:
    """The base is run and saved, and immediately after it head, with the threshold that people set."""
    git(repository, "checkout", "--quiet", "HEAD~1")
    _pytest(repository, environment, "--benchmark-autosave")
    git(repository, "checkout", "--quiet", "-")
    done = _pytest(repository, environment, "--benchmark-compare", "--benchmark-compare-fail=mean:5%")
    return "Performance has regressed" in done.stdout + done.stderr


def _pytest(repository: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PYTEST, "--benchmark-only", "-p", "no:cacheprovider", *arguments],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@contextlib.contextmanager
def neighbour_process(*, wanted: bool) -> Iterator[None]:
    """A process that takes a core half of the time."""
    if not wanted:
        yield
        return
    with subprocess.Popen([sys.executable, "-c", _NEIGHBOUR]) as process:
        try:
            yield
        finally:
            process.kill()


def tally(trials: Iterable[Trial]) -> str:
    """A line for each kind and condition, with exact 95 % intervals (Clopper and Pearson); the other rule's column
    only where it was asked."""
    groups: dict[tuple[int, bool, str, str], list[Trial]] = {}
    for trial in trials:
        key = ([*KINDS].index(trial.kind), trial.neighbour, trial.detect, trial.machine)
        groups.setdefault(key, []).append(trial)
    machines = len({machine for *_, machine in groups})
    rows = []
    for (_, neighbour, detect, machine), own in sorted(groups.items()):
        asked = [trial.mean_rule for trial in own if trial.mean_rule is not None]
        rows.append(
            {
                "head": f"{own[0].kind}{'' if detect == '5%' else f', detect {detect}'}",
                **({"machine": machine} if machines > 1 else {}),
                "neighbour": "yes" if neighbour else "no",
                "trials": len(own),
                "alarms": share(sum(trial.alarmed for trial in own), len(own)),
                "right": sum(trial.right for trial in own),
                "inconclusive": sum("inconclusive" in trial.verdicts.values() for trial in own),
                **({"alarms of mean:5%": share(sum(asked), len(asked))} if asked else {}),
                "seconds a benchmark": f"{fmean(trial.seconds / max(1, trial.cases) for trial in own):.1f}",
                "pairs": f"{fmean(trial.pairs for trial in own):.0f}",
                "load": f"{min(trial.load for trial in own):.0f} to {max(trial.load for trial in own):.0f}",
            }
        )
    return tabulate(rows, headers="keys", tablefmt="github")


def in_words(trials: Iterable[Trial]) -> str:
    """How often it erred in all of them together: without a change, with one of 5 % and with one of 2 %; and, asked
    to find 2 %, without a change and with one of 2 %."""
    known = list(trials)
    usual = [trial for trial in known if trial.detect == "5%"]
    finer = [trial for trial in known if trial.detect == "2%"]
    told = [
        f"In trials without a change {_alarms(usual)} raised an alarm.",
        _found(usual, "5 %", ("slower-5", "threads-5")),
        _found(usual, "2 %", ("slower-2",)),
    ]
    if finer:
        told.append(f"With `--gate-detect 2%` {_alarms(finer)} raised one. {_found(finer, '2 %', ('slower-2',))}")
    return textwrap.fill(" ".join((*told, "In brackets are exact 95 % intervals.")), 120)


def of_equal_code(trials: Iterable[Trial]) -> str:
    """How much longer a typical round took on head where the code is the same, and where that lies furthest from 1."""
    known = [trial for trial in trials if trial.machine]
    numpy, loop = (_Readings.of(known, name) for name in ("test_matmul", "test_loop"))
    machine, commit = max(numpy.groups, key=lambda group: numpy.only(*group).errors_from_1)
    furthest, others = numpy.only(machine, commit), numpy.without(machine, commit)
    return textwrap.fill(
        f"In {len(known)} trials, all that name their machine, a typical round of a benchmark whose code was the same "
        f"took {numpy} times as long on head where it was the NumPy one, and {loop} times where it was the loop. Of "
        f"one machine with one form of the gate NumPy lies furthest from 1 on {machine} at commit {commit[:7]}: "
        f"{furthest}; without these it is {others}. Behind ± is half of a 95 % interval.",
        120,
    )


_ENOUGH = 10
"""So many readings of one machine and commit have a mean worth telling."""


class _Readings(msgspec.Struct, frozen=True):
    """The ratios of one benchmark's typical round where its code is the same, with machine and commit of the gate."""

    ratios: tuple[tuple[float, str, str], ...]

    @staticmethod
    def of(trials: Iterable[Trial], name: str) -> _Readings:
        return _Readings(
            tuple(
                (float(trial.figures[name]["typical round"].split()[-1]), trial.machine, trial.commit)
                for trial in trials
                if name != trial.changed and "typical round" in trial.figures.get(name, {})
            )
        )

    @property
    def groups(self) -> set[tuple[str, str]]:
        """Machine and commit, of those that have enough of them."""
        numbers = Counter((machine, commit) for _, machine, commit in self.ratios)
        return {group for group, number in numbers.items() if number >= _ENOUGH}

    def only(self, machine: str, commit: str) -> _Readings:
        return _Readings(tuple(each for each in self.ratios if each[1:] == (machine, commit)))

    def without(self, machine: str, commit: str) -> _Readings:
        return _Readings(tuple(each for each in self.ratios if each[1:] != (machine, commit)))

    @property
    def errors_from_1(self) -> float:
        return abs(self._mean - 1) / self._error

    def __str__(self) -> str:
        from scipy.stats import t

        reach = float(t.isf(0.025, len(self.ratios) - 1)) * self._error
        return f"{self._mean:.4f} ± {reach:.4f} ({len(self.ratios)} readings)"

    @property
    def _mean(self) -> float:
        return fmean(ratio for ratio, *_ in self.ratios)

    @property
    def _error(self) -> float:
        return stdev(ratio for ratio, *_ in self.ratios) / math.sqrt(len(self.ratios))


def _alarms(trials: Sequence[Trial]) -> str:
    null = [trial for trial in trials if trial.kind in ("null", "threads-null")]
    return share(sum(trial.alarmed for trial in null), len(null))


def _found(trials: Sequence[Trial], size: str, kinds: Sequence[str]) -> str:
    own = [trial for trial in trials if trial.kind in kinds]
    outcomes = [trial.verdicts[trial.changed] for trial in own]
    return (
        f"Of slowdowns of {size} {share(sum(trial.right for trial in own), len(own))} were found, "
        f"{outcomes.count('inconclusive')} left inconclusive, {outcomes.count('unchanged')} called unchanged."
    )


def load(path: Path) -> list[Trial]:
    return read_lines(path, Trial)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = parser_of(__doc__)
    add_conditions(parser, KINDS)
    add_minutes(parser)
    parser.add_argument("--detect", default="5%%")
    parser.add_argument("--mean-rule", action="store_true", help="let mean:5%% judge the same commits")
    asked = parser.parse_args(arguments)
    order = random.Random()
    for kind, neighbour in in_time(conditions(asked, order), asked.minutes):
        trial = run_trial(
            kind, neighbour=neighbour, detect=asked.detect.replace("%%", "%"), mean_rule=asked.mean_rule, order=order
        )
        keep(trial, asked.out)
    print(tally(load(asked.out)))


if __name__ == "__main__":
    main()
