"""Benchmarks in the forms of pytest-codspeed, which know nothing of pytest-benchmark. Head does more in some of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from made_up_clock import UNIT_SECONDS, work

ON_HEAD = False
UNITS = 130 if ON_HEAD else 100


def for_long(units: int) -> None:
    """Without a timer of its own a whole test is timed by the wall clock, where head must be much slower to be seen."""
    for _ in range(20_000 * units // 100):
        pass


@pytest.mark.benchmark
def test_whole() -> None:
    for_long(200 if ON_HEAD else 100)


@pytest.mark.benchmark(group="whole", max_time=1, max_rounds=5)
@pytest.mark.parametrize("units", [100, 200])
def test_whole_with_parameters(units: int) -> None:
    for_long(units)


@pytest.mark.codspeed_benchmark
def test_whole_by_its_own_mark() -> None:
    for_long(100)


def test_by_its_own_fixture(codspeed_benchmark: Callable[..., None]) -> None:
    codspeed_benchmark(for_long, 200 if ON_HEAD else 100)


def test_by_the_common_fixture(benchmark: Any) -> None:
    benchmark.extra_info["speedscore_counts"] = {"units": UNITS}
    benchmark(for_long, 100)


def test_pedantic_whose_setup_takes_the_arguments(codspeed_benchmark: Any) -> None:
    def set_up(units: int) -> tuple[tuple[int], dict[str, int]] | None:
        assert units == 100
        return None

    codspeed_benchmark.pedantic(for_long, args=(100,), setup=set_up, rounds=50)


def test_that_is_none() -> None:
    assert UNIT_SECONDS and work
