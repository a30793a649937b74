"""One case that the first look decides, and one that no look does."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from made_up_clock import counted, work
from pytest_benchmark.fixture import BenchmarkFixture

ON_HEAD = False
SCRATCH = Path(tempfile.gettempdir())


@counted
def test_decided(benchmark: BenchmarkFixture) -> None:
    benchmark.extra_info["speedscore_counts"] = {"queries": 7}
    benchmark(work, 100)


@counted
def test_undecided(benchmark: BenchmarkFixture) -> None:
    # Slower in one pair, faster in the next: no number of pairs decides.
    pairs = len(list(SCRATCH.glob("round-head-*")))
    units = (50, 200)[pairs % 2] if ON_HEAD else 100

    def work_and_tell() -> None:
        work(units)
        (SCRATCH / f"round-{'head' if ON_HEAD else 'base'}-{os.getpid()}").touch()
        time.sleep(0.02)

    benchmark.pedantic(work_and_tell, rounds=4)
