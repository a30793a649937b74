"""Eight cases of which, once the pilot has been, one hangs in each of the pairs that run at the same time."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

SCRATCH = Path(tempfile.gettempdir())
PILOTS = 2
"""Processes that the pilot has."""


@pytest.mark.parametrize("number", range(8))
def test_many(benchmark: BenchmarkFixture, number: int) -> None:
    (SCRATCH / f"ran-{number}-{os.getpid()}").touch()
    hangs = len(list(SCRATCH.glob(f"ran-{number}-*"))) > PILOTS and number in (0, 4)

    def work() -> None:
        sum(range(1000))
        if hangs:
            (SCRATCH / f"hanging-{number}-{os.getpid()}").touch()
            time.sleep(600)

    benchmark.pedantic(work, rounds=4)
