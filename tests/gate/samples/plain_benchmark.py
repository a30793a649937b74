"""One benchmark, whose units are a count as well."""

from __future__ import annotations

from made_up_clock import counted, work
from pytest_benchmark.fixture import BenchmarkFixture

UNITS = 100


@counted
def test_plain(benchmark: BenchmarkFixture) -> None:
    benchmark.extra_info["speedscore_counts"] = {"units": UNITS}
    benchmark(work, UNITS)
