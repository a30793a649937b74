"""Benchmarks whose clock is real: the processor time of their thread."""

from __future__ import annotations

import time

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

pytestmark = pytest.mark.benchmark(timer=time.thread_time)


def count() -> int:
    return sum(range(10_000))


def test_called(benchmark: BenchmarkFixture) -> None:
    benchmark(count)


def test_pedantic(benchmark: BenchmarkFixture) -> None:
    benchmark.pedantic(count, rounds=20, iterations=20)
