"""The benchmark of a history that is searched for the commit that made it slower."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

NOW = 0.0
UNITS = 100


def clock() -> float:
    return NOW


@pytest.mark.benchmark(timer=clock)
def test_work(benchmark: BenchmarkFixture) -> None:
    def work() -> None:
        global NOW
        NOW += UNITS * 1e-4

    benchmark(work)
