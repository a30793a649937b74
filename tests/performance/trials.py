"""What scripts of trials have in common: repositories and gates of them, raw lines, exact intervals, an end in time.

A trial is a frozen record; one line of JSON each, so that a script that is broken off loses nothing. What is planted
and what must come of it is each script's own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from speedscore.host.fingerprint import processor_kind
from speedscore.host.processors import usable_processors

AnyTrial = TypeVar("AnyTrial", bound=msgspec.Struct)
Waiting = TypeVar("Waiting")
PYTEST = (sys.executable, "-m", "pytest")
_KEPT = "a line of JSON for each trial is appended"


class Gated(msgspec.Struct, frozen=True):
    """A gate that has ended."""

    report: dict[str, Any]
    exit_code: int
    seconds: float
    load: float
    """Of the machine as it began, processes at work."""

    @property
    def times(self) -> dict[str, dict[str, Any]]:
        """Verdicts on time, by the benchmark's name."""
        verdicts = [each for each in self.report["verdicts"] if each["metric"] == "time"]
        return {each["case"].partition("::")[2]: each for each in verdicts}


def gated(
    repository: Path,
    *arguments: str,
    environment: Mapping[str, str],
    program: Sequence[str] = PYTEST,
    base: Sequence[str] = ("--benchmark-only", "-p", "no:cacheprovider", "--gate=HEAD~1"),
) -> Gated:
    """Gate a repository as its users would, here its last commit against the one before.

    Raises RuntimeError with all that was printed where it leaves no report.
    """
    report = repository / "report.json"
    load, began = os.getloadavg()[0], time.monotonic()
    done = subprocess.run(
        [*program, *base, f"--gate-json={report}", *arguments],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - began
    if not report.exists():
        raise RuntimeError(f"the gate left no report:\n{done.stdout}\n{done.stderr}")
    return Gated(json.loads(report.read_bytes()), done.returncode, seconds=seconds, load=round(load, 1))


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit_all(repository: Path, message: str) -> None:
    """Whatever lies in it."""
    git(repository, "add", ".")
    git(repository, "-c", "user.name=trial", "-c", "user.email=trial@here", "commit", "--quiet", "-m", message)


def parser_of(module_text: str | None, *, results: Path | None = None) -> argparse.ArgumentParser:
    """With the options that say where lines are kept; ``results`` is where they are unless told otherwise."""
    parser = argparse.ArgumentParser(description=module_text, formatter_class=argparse.RawDescriptionHelpFormatter)
    if results is None:
        parser.add_argument("--out", type=Path, required=True, help=_KEPT)
    else:
        parser.add_argument("--table", action="store_true", help="print the table of what is kept, and run nothing")
        parser.add_argument("--out", type=Path, default=results, help=_KEPT)
    return parser


def add_minutes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=None, help="begin no trial after so long")


def add_conditions(parser: argparse.ArgumentParser, kinds: Iterable[str]) -> None:
    """What ``conditions`` reads."""
    parser.add_argument("--kinds", default="null,slower-5", help=f"some of {', '.join(kinds)}")
    parser.add_argument("--trials", type=int, default=20, help="of each kind and condition")
    parser.add_argument("--neighbours", default="no,yes", help="no, yes, or both: a process that takes half a core")


def conditions(asked: argparse.Namespace, order: random.Random) -> list[tuple[str, bool]]:
    """All trials that are asked for, kind and whether there is a neighbour, in a drawn order."""
    waiting = [
        (kind, neighbour == "yes")
        for kind in asked.kinds.split(",")
        for neighbour in asked.neighbours.split(",")
        for _ in range(asked.trials)
    ]
    order.shuffle(waiting)
    return waiting


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def keep(trial: msgspec.Struct, path: Path) -> None:
    """Append its line."""
    with path.open("ab") as out:
        out.write(msgspec.json.encode(trial) + b"\n")


def read_lines(path: Path, kind: type[AnyTrial]) -> list[AnyTrial]:
    """The trials of a file, in their order."""
    return [msgspec.json.decode(line, type=kind) for line in path.read_bytes().splitlines()]


def in_time(waiting: Iterable[Waiting], minutes: float | None) -> Iterator[Waiting]:
    """Those that begin before so many minutes have passed; None is no limit."""
    end = time.monotonic() + 60 * minutes if minutes else float("inf")
    for each in waiting:
        if time.monotonic() >= end:
            return
        yield each


def share(count: int, total: int) -> str:
    """With the exact 95 % interval of Clopper and Pearson."""
    # Here because running trials, which machines without it do too, needs none of it.
    from scipy.stats import binomtest

    interval = binomtest(count, total).proportion_ci(method="exact")
    return f"{count} of {total} [{100 * interval.low:.1f}, {100 * interval.high:.1f} %]"


def single_threaded() -> dict[str, str]:
    """This process's environment, with one thread for NumPy."""
    return os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def this_machine(processors: int | None = None) -> str:
    """The name of its processors, or their architecture, and how many of them are used; by default all that may be."""
    name = processor_kind().partition("; ")[0]
    return f"{processors or len(usable_processors())} × {name}"


def commit_of_code() -> str:
    """Empty where this is no checkout."""
    try:
        return git(Path(__file__).parent, "rev-parse", "--short=12", "HEAD")
    except subprocess.CalledProcessError:
        return ""
