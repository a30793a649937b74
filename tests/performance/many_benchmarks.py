"""Gates on repositories with many small benchmarks: how long they take, and what they say.

A repository is made whose two commits differ by a comment, or by more work in one benchmark, and gated as its users
would gate it. It only counts and prints:

    python -m tests.performance.many_benchmarks --cases 32,200 --kinds null,slower-5 --out many.jsonl

With ``--part 1/10`` it is what the first of ten machines does: a share of the cases, as ``--gate-part`` gates it.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean, median

import msgspec
from tabulate import tabulate

from tests.performance.trials import commit_all, commit_of_code, gated, git, keep, parser_of, read_lines

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


# REMARK
"""

_TEST = """
import pytest
from library import module_NUMBER as library

UNITS = {CHANGED}


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
    part: str = ""
    """Which share of the benchmarks was gated, as in 1/10; empty for all."""


def run_trial(cases: int, kind: str, *, affected: bool, part: str, order: random.Random) -> ManyTrial:
    """Make a repository and gate its second commit against the first."""
    with tempfile.TemporaryDirectory(prefix="many benchmarks ") as folder:
        repository = Path(folder)
        changed = _make(repository, cases, kind, order)
        options = _options(affected=affected, part=part)
        ran = gated(repository, *options, environment=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"})
    report = ran.report
    times = [each for each in report["verdicts"] if each["metric"] == "time"]
    regressed = {each["case"] for each in report["verdicts"] if each["outcome"] == "regressed"}
    return ManyTrial(
        cases=cases,
        kind=kind,
        affected=affected,
        part=part,
        seconds=ran.seconds,
        exit_code=ran.exit_code,
        pairs=report["pairs"],
        looks=tuple(report["looks"]),
        early_looks=tuple(report["early_looks"]),
        outcomes=dict(Counter(each["outcome"] for each in times)),
        changed=next((each["outcome"] for each in times if each["case"] == changed), ""),
        wrong=len(regressed - {changed}),
        left_out=len(report["left_out"]),
        pairs_of_cases=tuple(sorted(each["pairs"] for each in times)),
        load=ran.load,
        processors=len(os.sched_getaffinity(0)),
        commit=commit_of_code(),
    )


def _options(*, affected: bool, part: str) -> list[str]:
    return [*(["--gate-affected"] if affected else []), *([f"--gate-part={part}"] if part else [])]


def _make(repository: Path, cases: int, kind: str, order: random.Random) -> str:
    """Two commits; the id of the benchmark whose work differs, empty where none does."""
    files = range(-(-cases // IN_A_FILE))
    slowed = order.choice(files)
    name, size = order.choice(("count", "order", "encode", "search")), order.choice((20, 200))
    git(repository, "init", "--quiet")
    (repository / "library").mkdir()
    (repository / "library/__init__.py").touch()
    (repository / "pyproject.toml").touch()
    for remark, factor in (("base", 1.0), ("head", KINDS[kind])):
        for number in files:
            # With --gate-affected one module has changed, and the tests of the others are left out.
            own_remark = remark if number == slowed else "base"
            (repository / f"library/module_{number}.py").write_text(_MODULE.replace("REMARK", own_remark))
            changed = f"({name!r}, {size}): {factor}" if number == slowed and factor != 1 else ""
            text = _TEST.replace("NUMBER", str(number)).replace("CHANGED", changed)
            (repository / f"test_{number:02}.py").write_text(text)
        commit_all(repository, remark)
    return f"test_{slowed:02}.py::test_it[{name}-{size}]" if KINDS[kind] != 1 else ""


def tally(trials: Iterable[ManyTrial]) -> str:
    """A line for each kind."""
    groups: dict[tuple[int, str, bool, str], list[ManyTrial]] = {}
    for trial in trials:
        groups.setdefault((trial.cases, trial.kind, trial.affected, trial.part), []).append(trial)
    rows = []
    for (cases, kind, affected, part), own in sorted(groups.items()):
        said = Counter[str]()
        for trial in own:
            said.update(trial.outcomes)
        minutes = sorted(trial.seconds / 60 for trial in own)
        measured = [pairs for trial in own for pairs in trial.pairs_of_cases]
        rows.append(
            (
                cases,
                ", ".join([kind, *_options(affected=affected, part=part)]),
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


def load(path: Path) -> list[ManyTrial]:
    return read_lines(path, ManyTrial)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--cases", default="32,200", help="how many benchmarks the repositories have")
    parser.add_argument("--kinds", default="null,slower-5", help=f"some of {', '.join(KINDS)}")
    parser.add_argument("--trials", type=int, default=1, help="of each")
    parser.add_argument("--part", default="", help="gate that share of them, as in 1/10")
    parser.add_argument("--affected", action="store_true", help="gate with --gate-affected")
    asked = parser.parse_args(arguments)
    order = random.Random()
    for _ in range(asked.trials):
        for cases in map(int, asked.cases.split(",")):
            for kind in asked.kinds.split(","):
                trial = run_trial(cases, kind, affected=asked.affected, part=asked.part, order=order)
                keep(trial, asked.out)
    print(tally(load(asked.out)))


if __name__ == "__main__":
    main()
