"""Benchmarks that base lacks, one of which is asked for by its name."""

from __future__ import annotations

from made_up_clock import counted, work
from pytest_benchmark.fixture import BenchmarkFixture


@counted
def test_new(benchmark: BenchmarkFixture) -> None:
    benchmark(work, 100)


@counted
def test_not_named(benchmark: BenchmarkFixture) -> None:
    benchmark(work, 100)
