"""Processes that die in one way or another, between cases that are sound. The last case is one that crashes, too."""

from __future__ import annotations

import os

import pytest
from made_up_clock import counted, work
from pytest_benchmark.fixture import BenchmarkFixture

ON_HEAD = False


@counted
def test_exits_on_head(benchmark: BenchmarkFixture) -> None:
    benchmark(lambda: os._exit(3) if ON_HEAD else work(100))


@counted
@pytest.mark.parametrize("queries", [7])
def test_sound(benchmark: BenchmarkFixture, queries: int) -> None:
    benchmark.extra_info["speedscore_counts"] = {"queries": queries}
    benchmark(work, 100)


@counted
def test_dies_on_base(benchmark: BenchmarkFixture) -> None:
    if not ON_HEAD:
        os.kill(os.getpid(), 9)
    benchmark(work, 100)


@counted
def test_aborts_on_head_in_a_round(benchmark: BenchmarkFixture) -> None:
    calls: list[int] = []

    def till_the_second() -> None:
        work(100)
        calls.append(1)
        if ON_HEAD and len(calls) == 2:
            os.abort()

    benchmark.pedantic(till_the_second, rounds=10)
