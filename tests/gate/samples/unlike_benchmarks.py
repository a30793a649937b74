"""Benchmarks whose times would be of different things on base and head, or of nothing at all."""

from __future__ import annotations

import gc
import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from made_up_clock import counted, work
from pytest_benchmark.fixture import BenchmarkFixture

ON_HEAD = False


async def fetch() -> None:
    work(100)


def generate() -> Iterator[None]:
    work(100)
    yield


@dataclass
class Config:
    size: int


class Plain:
    pass


@counted
def test_sound(benchmark: BenchmarkFixture) -> None:
    benchmark.extra_info["speedscore_counts"] = {"units": 100}
    benchmark(work, 100)


@pytest.mark.filterwarnings("ignore")
def test_coroutine(benchmark: BenchmarkFixture) -> None:
    benchmark(fetch)


@pytest.mark.filterwarnings("ignore")
def test_lazy_on_head(benchmark: BenchmarkFixture) -> None:
    benchmark(generate if ON_HEAD else lambda: list(generate()))


@pytest.mark.parametrize("config", [Config(2), Config(1)] if ON_HEAD else [Config(1), Config(2)])
def test_reordered(benchmark: BenchmarkFixture, config: Config) -> None:
    benchmark(work, 100 * config.size)


@pytest.mark.parametrize("value", [random.random()], ids=["drawn"])
def test_drawn(benchmark: BenchmarkFixture, value: float) -> None:
    assert 0 <= value < 1
    benchmark(work, 100)


def test_collector(benchmark: BenchmarkFixture) -> None:
    if ON_HEAD:
        gc.disable()
    benchmark(work, 100)
    gc.enable()


@pytest.mark.benchmark(timer=time.process_time if ON_HEAD else time.perf_counter)
def test_other_clock(benchmark: BenchmarkFixture) -> None:
    benchmark(work, 100)


@pytest.mark.parametrize("pedantic", [False, True])
def test_frozen(benchmark: BenchmarkFixture, monkeypatch: pytest.MonkeyPatch, pedantic: bool) -> None:
    """As a library that freezes time does it: everywhere, in every module that is loaded."""
    monkeypatch.setattr(time, "perf_counter", lambda: 1.0)
    monkeypatch.setattr(time, "process_time", lambda: 1.0)
    monkeypatch.setattr(time, "monotonic", lambda: 1.0)
    benchmark._timer = lambda: 1.0
    if pedantic:
        benchmark.pedantic(sum, args=(range(100_000),), iterations=50, rounds=10)
    else:
        benchmark(sum, range(100_000))


@pytest.mark.parametrize("counts", [{"units": "100"}, {"units": None}, {"units": float("inf")}, 7], ids=str)
def test_wrong_count(benchmark: BenchmarkFixture, counts: object) -> None:
    benchmark.extra_info["speedscore_counts"] = counts
    benchmark(work, 100)


@pytest.mark.parametrize("name", {"a", "b", "c"}, ids=str)
def test_of_a_set(benchmark: BenchmarkFixture, name: str) -> None:
    assert name
    benchmark(work, 100)


@pytest.mark.parametrize("value", [Plain()], ids=repr)
def test_address(benchmark: BenchmarkFixture, value: Plain) -> None:
    assert value
    benchmark(work, 100)


def test_long_reason(benchmark: BenchmarkFixture) -> None:
    assert benchmark
    raise ValueError("\udcff" + "x" * 100_000)


def test_writes_to_every_pipe(benchmark: BenchmarkFixture) -> None:
    if ON_HEAD:
        for number in range(3, 64):
            try:
                os.write(number, b'{"event": "round", "seconds": 1, "cpu_seconds": 1}\n')
            except OSError:
                continue
    benchmark(work, 100)
