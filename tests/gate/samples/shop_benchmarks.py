"""Every kind of case that a gate may meet, in one file."""

from __future__ import annotations

import os

import pytest
import shop
from made_up_clock import clock, counted, work
from pytest_benchmark.fixture import BenchmarkFixture


@counted
@pytest.mark.parametrize("what", ["slower", "slower too", "faster", "same"])
def test_work(benchmark: BenchmarkFixture, what: str) -> None:
    benchmark(work, shop.UNITS[what])


@pytest.mark.benchmark(timer=clock, group="lenient")
def test_lenient(benchmark: BenchmarkFixture) -> None:
    benchmark(work, shop.UNITS["lenient"])


@counted
def test_costly(benchmark: BenchmarkFixture) -> None:
    benchmark(work, 100)


@counted
def test_memory(benchmark: BenchmarkFixture) -> None:
    def fill() -> bytearray:
        work(100)
        return bytearray(shop.MEGABYTES * 2**20)

    benchmark.pedantic(fill, rounds=2)


@counted
def test_counts(benchmark: BenchmarkFixture) -> None:
    benchmark.extra_info["speedscore_counts"] = {"queries": shop.QUERIES, "pages": 7}
    benchmark.extra_info["speedscore_memory_bytes"] = 100.0 * shop.BATCH
    benchmark(work, 100)


@counted
def test_another_case(benchmark: BenchmarkFixture) -> None:
    benchmark.extra_info["speedscore_identity"] = {"batch": shop.BATCH, "layers": 2}
    benchmark(work, 100)


if shop.ON_HEAD:

    @counted
    def test_new(benchmark: BenchmarkFixture) -> None:
        benchmark(work, 100)

else:

    @counted
    def test_gone(benchmark: BenchmarkFixture) -> None:
        benchmark(work, 100)

    @counted
    def test_retired(benchmark: BenchmarkFixture) -> None:
        benchmark(work, 100)


@counted
def test_wrong_on_head(benchmark: BenchmarkFixture) -> None:
    benchmark(work, 100)
    assert not shop.ON_HEAD, "the sum is wrong"


@counted
def test_wrong_on_base(benchmark: BenchmarkFixture) -> None:
    benchmark(work, 100)
    assert shop.ON_HEAD, "the sum was wrong"


@counted
def test_second_call_fails_on_head(benchmark: BenchmarkFixture) -> None:
    calls: list[int] = []

    def jam() -> None:
        work(100)
        calls.append(1)
        if shop.ON_HEAD and len(calls) == 2:
            raise RuntimeError("the till is jammed")

    benchmark.pedantic(jam, rounds=10)


@pytest.fixture(scope="module")
def till() -> str:
    if shop.ON_HEAD:
        raise OSError("no till there")
    return "till"


@counted
def test_fixture_fails_on_head(benchmark: BenchmarkFixture, till: str) -> None:
    benchmark(work, 100)
    assert till


@counted
def test_fixture_that_failed_before(benchmark: BenchmarkFixture, till: str) -> None:
    benchmark(work, 100)
    assert till


@counted
def test_skipped_on_both(benchmark: BenchmarkFixture) -> None:
    assert benchmark.name
    pytest.skip("needs a scanner")


@counted
def test_skipped_on_head(benchmark: BenchmarkFixture) -> None:
    if shop.ON_HEAD:
        pytest.skip("needs a printer")
    benchmark(work, 100)


def test_not_called(benchmark: BenchmarkFixture) -> None:
    assert benchmark.name


def test_without_a_benchmark() -> None:
    os._exit(1)
