"""The virtual clock hands a worker's rounds to pytest-benchmark to the last bit, and refuses what took no time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pytest_benchmark.fixture import BenchmarkFixture

from speedscore.bench_suite.session.virtual_clock import VirtualClock

durations = st.floats(min_value=0.0, exclude_min=True, allow_nan=False, allow_infinity=False)


@settings(deadline=None)
@given(st.lists(durations, min_size=1, max_size=50))
@example([5e-324, 1.7e308, 0.1, 1e-9, 3600.0])
def test_each_round_reads_as_exactly_what_was_measured(rounds_seconds: list[float]) -> None:
    clock = VirtualClock()
    play = clock.player(rounds_seconds)
    read_back = []
    for _ in rounds_seconds:
        start = clock.read()
        play()
        read_back.append(clock.read() - start)
    assert read_back == rounds_seconds


@settings(deadline=None)
@given(st.lists(durations, min_size=1, max_size=20))
def test_the_benchmark_fixture_keeps_exactly_the_measured_rounds(rounds_seconds: list[float]) -> None:
    clock = VirtualClock()
    kept: list[Any] = []
    fixture = BenchmarkFixture(
        SimpleNamespace(name="test_case", nodeid="test_case"),
        disable_gc=False,
        timer=SimpleNamespace(target=clock.read),
        min_rounds=1,
        min_time=0.0,
        max_time=0.0,
        precision=None,
        confidence=None,
        warmup=False,
        warmup_iterations=0,
        calibration_precision=1,
        add_stats=kept.append,
        logger=None,
        warner=None,
        disabled=False,
        cprofile=False,
        cprofile_loops=None,
        cprofile_dump=None,
    )
    fixture.pedantic(clock.player(rounds_seconds), rounds=len(rounds_seconds), iterations=1)
    assert [metadata.stats.data for metadata in kept] == [rounds_seconds]


def test_the_clock_stands_still_between_rounds() -> None:
    clock = VirtualClock()
    clock.advance(0.25)
    assert [clock.read(), clock.read(), clock.read()] == [0.25, 0.0, 0.0]


def test_advances_within_one_lap_add_up() -> None:
    clock = VirtualClock()
    clock.advance(0.25)
    clock.advance(0.5)
    assert clock.read() == 0.75


@pytest.mark.parametrize("seconds", [0.0, -0.0, -1e-9, float("nan"), float("-inf"), float("inf")])
def test_a_round_that_took_no_time_is_refused(seconds: float) -> None:
    clock = VirtualClock()
    with pytest.raises(ValueError, match="cannot be played back"):
        clock.player([seconds])()
    assert clock.read() == 0.0


def test_no_time_passes_once_all_rounds_are_played() -> None:
    clock = VirtualClock()
    play = clock.player([1.0])
    play()
    assert clock.read() == 1.0
    play()
    assert clock.read() == 0.0
