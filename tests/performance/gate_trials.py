"""The gate as a black box: fresh repositories with two commits, of which it is known whether one is slower.

A slowdown is more work, never a changed timing. Beside the gate the rule that people have,
``--benchmark-compare-fail=mean:5%``, judges the same two commits in the same minute. It only counts and prints:

    python -m tests.performance.gate_trials --kinds null,slower-5 --trials 20 --out trials.jsonl
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
from scipy.stats import binomtest
from tabulate import tabulate

KINDS = {
    "null": 100,
    "slower-2": 102,
    "slower-5": 105,
    "slower-10": 110,
    "faster-5": 95,
    "threads-null": 100,
    "threads-5": 105,
}
"""Units of work on head, for 100 on base; of one of two benchmarks, or of the one that uses two threads."""

_SINGLE = """
import numpy as np

MATMUL_UNITS = {matmul}
LOOP_UNITS = {loop}
MATRIX = np.linspace(0.0, 1.0, 96 * 96).reshape(96, 96) / 96


def test_matmul(benchmark):
    def work():
        values = MATRIX
        for _ in range(MATMUL_UNITS):
            values = np.tanh(MATRIX @ values)
        return values

    benchmark(work)


def test_loop(benchmark):
    def work():
        counts = {{}}
        for number in range(LOOP_UNITS * 700):
            counts[number % 1000] = counts.get(number % 997, 0) + 1
        return counts

    benchmark(work)
# {remark}
"""

_THREADS = """
from concurrent.futures import ThreadPoolExecutor

import numpy as np

UNITS = {matmul}
MATRIX = np.linspace(0.0, 1.0, 160 * 160).reshape(160, 160) / 160


def work(_):
    values = MATRIX
    for _ in range(UNITS):
        values = np.tanh(MATRIX @ values)
    return values


def test_two_threads(benchmark):
    with ThreadPoolExecutor(2) as pool:
        benchmark(lambda: list(pool.map(work, range(2))))
# {remark}
"""

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
    changed: str
    """The benchmark whose work differs; empty where none does."""
    mean_rule: bool | None
    """Whether ``mean:5%`` raised an alarm; None where it was not asked."""

    @property
    def alarmed(self) -> bool:
        return self.exit_code == 10

    @property
    def right(self) -> bool:
        """The one that was slowed was named, and no other."""
        slowed = {name for name, verdict in self.verdicts.items() if verdict == "regressed"}
        return slowed == ({self.changed} if self.changed and KINDS[self.kind] > 100 else set())


def run_trial(kind: str, *, neighbour: bool, detect: str, mean_rule: bool, order: random.Random) -> Trial:
    """Make a repository, gate its second commit against the first, and let the other rule judge the same two."""
    with tempfile.TemporaryDirectory(prefix="gate trial ") as folder, _neighbour(wanted=neighbour):
        repository = Path(folder)
        changed = _make(repository, kind, order)
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        report_path = repository / "report.json"
        began = time.monotonic()
        done = _pytest(
            repository, environment, "--gate", "HEAD~1", "--gate-detect", detect, "--gate-json", str(report_path)
        )
        seconds = time.monotonic() - began
        if not report_path.exists():
            raise RuntimeError(f"the gate left no report:\n{done.stdout}\n{done.stderr}")
        report = json.loads(report_path.read_bytes())
        verdicts = {
            each["case"].partition("::")[2]: each["outcome"] for each in report["verdicts"] if each["metric"] == "time"
        }
        return Trial(
            kind=kind,
            neighbour=neighbour,
            detect=detect,
            exit_code=done.returncode,
            seconds=seconds,
            cases=len(verdicts),
            pairs=report["pairs"],
            verdicts=verdicts,
            changed=changed,
            mean_rule=_mean_rule(repository, environment) if mean_rule else None,
        )


def _make(repository: Path, kind: str, order: random.Random) -> str:
    """Two commits; the name of the benchmark whose work differs, empty where none does."""
    threads = kind.startswith("threads")
    text = _THREADS if threads else _SINGLE
    slowed = "matmul" if threads else order.choice(("matmul", "loop"))
    _git(repository, "init", "--quiet")
    for remark, changed in (("base", {}), ("head", {slowed: KINDS[kind]})):
        units = {"matmul": 100, "loop": 100} | changed
        (repository / "test_work.py").write_text(text.format(remark=remark, **units))
        _git(repository, "add", ".")
        _git(repository, "-c", "user.name=trial", "-c", "user.email=trial@here", "commit", "--quiet", "-m", remark)
    if KINDS[kind] == 100:
        return ""
    return "test_two_threads" if threads else f"test_{slowed}"


def _mean_rule(repository: Path, environment: dict[str, str]) -> bool:
    """The base is run and saved, and immediately after it head, with the threshold that people set."""
    _git(repository, "checkout", "--quiet", "HEAD~1")
    _pytest(repository, environment, "--benchmark-autosave")
    _git(repository, "checkout", "--quiet", "-")
    done = _pytest(repository, environment, "--benchmark-compare", "--benchmark-compare-fail=mean:5%")
    return "Performance has regressed" in done.stdout + done.stderr


def _pytest(repository: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--benchmark-only", "-p", "no:cacheprovider", *arguments],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def _git(repository: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=repository, check=True, capture_output=True)


@contextlib.contextmanager
def _neighbour(*, wanted: bool) -> Iterator[None]:
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
    """A line for each kind and condition, with exact 95 % intervals (Clopper and Pearson)."""
    groups: dict[tuple[str, bool, str], list[Trial]] = {}
    for trial in trials:
        groups.setdefault((trial.kind, trial.neighbour, trial.detect), []).append(trial)
    rows = []
    for (kind, neighbour, detect), own in sorted(groups.items()):
        asked = [trial.mean_rule for trial in own if trial.mean_rule is not None]
        rows.append(
            (
                kind,
                "yes" if neighbour else "no",
                detect,
                len(own),
                _share(sum(trial.alarmed for trial in own), len(own)),
                sum(trial.right for trial in own),
                sum("inconclusive" in trial.verdicts.values() for trial in own),
                _share(sum(asked), len(asked)) if asked else "",
                f"{sum(trial.seconds / max(1, trial.cases) for trial in own) / len(own):.1f}",
                f"{sum(trial.pairs for trial in own) / len(own):.1f}",
            )
        )
    headers = (
        "kind", "neighbour", "detect", "trials", "alarms of the gate", "right", "inconclusive", "alarms of mean:5%",
        "s a benchmark", "pairs",
    )  # fmt: skip
    return tabulate(rows, headers=headers, tablefmt="github")


def _share(count: int, total: int) -> str:
    interval = binomtest(count, total).proportion_ci(method="exact")
    return f"{count} of {total} [{100 * interval.low:.1f}, {100 * interval.high:.1f} %]"


def load(path: Path) -> list[Trial]:
    return [msgspec.json.decode(line, type=Trial) for line in path.read_bytes().splitlines()]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", default="null,slower-5", help=f"some of {', '.join(KINDS)}")
    parser.add_argument("--trials", type=int, default=20, help="of each kind and condition")
    parser.add_argument("--neighbours", default="no,yes", help="no, yes, or both: a process that takes half a core")
    parser.add_argument("--detect", default="5%%")
    parser.add_argument("--mean-rule", action="store_true", help="let mean:5%% judge the same commits")
    parser.add_argument("--minutes", type=float, default=None, help="begin no trial after so long")
    parser.add_argument("--out", type=Path, required=True, help="a line of JSON for each trial is appended")
    asked = parser.parse_args(arguments)
    order = random.Random()
    waiting = [
        (kind, neighbour == "yes")
        for kind in asked.kinds.split(",")
        for neighbour in asked.neighbours.split(",")
        for _ in range(asked.trials)
    ]
    order.shuffle(waiting)
    end = time.monotonic() + 60 * asked.minutes if asked.minutes else float("inf")
    for kind, neighbour in waiting:
        if time.monotonic() >= end:
            break
        trial = run_trial(
            kind, neighbour=neighbour, detect=asked.detect.replace("%%", "%"), mean_rule=asked.mean_rule, order=order
        )
        with asked.out.open("ab") as out:
            out.write(msgspec.json.encode(trial) + b"\n")
    print(tally(load(asked.out)))


if __name__ == "__main__":
    main()
