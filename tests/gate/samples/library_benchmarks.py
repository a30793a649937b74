"""The kinds of benchmarks that pytest-benchmark knows, as a project writes them that knows nothing of a gate."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from library.shelves import Door, lend, shelve
from made_up_clock import counted, work
from pytest_benchmark.fixture import BenchmarkFixture

pytestmark = counted


def test_a_function(benchmark: BenchmarkFixture) -> None:
    assert benchmark(shelve, 5) == 10


def test_keywords(benchmark: BenchmarkFixture, books: int) -> None:
    assert benchmark(lend, books, to="Ada") == "Ada"


def test_a_decorator(benchmark: BenchmarkFixture) -> None:
    @benchmark  # type: ignore[untyped-decorator]
    def total() -> int:
        work(100)
        return 42

    assert total == 42


@pytest.fixture(params=[3, 7])
def pages(request: pytest.FixtureRequest) -> Iterator[int]:
    work(1)
    yield request.param
    work(1)


@pytest.mark.parametrize("cover", ["hard and [red]"])
def test_parameters(benchmark: BenchmarkFixture, pages: int, cover: str) -> None:
    benchmark(lend, pages)
    assert cover


class TestDoor:
    @pytest.fixture
    def door(self) -> Door:
        return Door()

    def test_setup_and_teardown(self, benchmark: BenchmarkFixture, door: Door) -> None:
        benchmark.pedantic(work, args=(100,), setup=door.open, teardown=door.close, rounds=6, warmup_rounds=2)
        assert 2 < door.openings <= 8
        assert door.closings == door.openings

    def test_setup_that_gives_the_arguments(self, benchmark: BenchmarkFixture) -> None:
        shelved: list[Any] = []

        def new() -> tuple[list[Any], dict[str, str]]:
            return [[len(shelved)]], {"to": "end"}

        def put(book: list[int], to: str) -> None:
            shelved.append((book, to))
            work(100)

        def check(book: list[int], to: str) -> None:
            assert shelved[-1] == (book, to)

        benchmark.pedantic(put, setup=new, teardown=check, rounds=6)
        assert shelved == [([number], "end") for number in range(len(shelved))]


def test_iterations(benchmark: BenchmarkFixture) -> None:
    calls: list[int] = []

    def count() -> None:
        work(100)
        calls.append(1)

    benchmark.pedantic(count, rounds=4, iterations=5)
    assert len(calls) in (10, 15, 20)


@pytest.fixture(scope="session")
def catalogue() -> list[str]:
    with Path(tempfile.gettempdir(), f"catalogue-{os.getpid()}").open("a") as made:
        made.write("made\n")
    return []


def test_first_of_a_session(benchmark: BenchmarkFixture, catalogue: list[str]) -> None:
    catalogue.append("seen")
    benchmark(work, 100)


def test_second_of_a_session(benchmark: BenchmarkFixture, catalogue: list[str]) -> None:
    assert catalogue == ["seen"]
    benchmark(work, 100)


def test_its_figures_are_read(benchmark: BenchmarkFixture) -> None:
    benchmark(work, 100)
    assert benchmark.stats is not None
    assert benchmark.stats.stats.min == benchmark.stats["max"] > 0
    assert benchmark.stats["rounds"] >= 2


@pytest.mark.nightly
@pytest.mark.skip(reason="nightly")
def test_marked(benchmark: BenchmarkFixture) -> None:
    benchmark(work, 100)


@pytest.mark.xfail(reason="the roof leaks", strict=True)
def test_expected_to_fail(benchmark: BenchmarkFixture) -> None:
    benchmark(work, 100)
    raise RuntimeError("water")


def test_no_benchmark() -> None:
    raise RuntimeError("not to be run")
