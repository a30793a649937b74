"""What scripts of trials have in common: raw lines that are kept, the code's commit, exact intervals, an end in time.

A trial is a frozen record; one line of JSON each, so that a script that is broken off loses nothing. It runs no trial.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
from scipy.stats import binomtest

AnyTrial = TypeVar("AnyTrial", bound=msgspec.Struct)
Waiting = TypeVar("Waiting")


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
    interval = binomtest(count, total).proportion_ci(method="exact")
    return f"{count} of {total} [{100 * interval.low:.1f}, {100 * interval.high:.1f} %]"


def single_threaded() -> dict[str, str]:
    """This process's environment, with one thread for NumPy."""
    return os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def commit_of_code() -> str:
    """Empty where this is no checkout."""
    command = ["git", "rev-parse", "--short=12", "HEAD"]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return done.stdout.strip()
