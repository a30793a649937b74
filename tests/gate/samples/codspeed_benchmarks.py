"""Benchmarks in the forms of pytest-codspeed, and a test that is none. Head does more in some of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from made_up_clock import work

ON_HEAD = False
UNITS = 130 if ON_HEAD else 100


@pytest.mark.benchmark
def test_whole() -> None:
    work(UNITS)


@pytest.mark.benchmark(group="whole", max_time=1, max_rounds=5)
@pytest.mark.parametrize("units", [100, 200])
def test_whole_with_parameters(units: int) -> None:
    work(units)


@pytest.mark.codspeed_benchmark
def test_whole_by_its_own_mark() -> None:
    work(100)


def test_by_its_own_fixture(codspeed_benchmark: Callable[..., None]) -> None:
    codspeed_benchmark(work, UNITS)


def test_by_the_common_fixture(benchmark: Any) -> None:
    benchmark.extra_info["speedscore_counts"] = {"units": UNITS}
    benchmark(work, 100)


def test_pedantic_whose_setup_takes_the_arguments(codspeed_benchmark: Any) -> None:
    def set_up(units: int) -> None:
        assert units == 100

    codspeed_benchmark.pedantic(work, args=(100,), setup=set_up, rounds=50)


def test_that_is_none() -> None:
    assert UNITS in (100, 130)
