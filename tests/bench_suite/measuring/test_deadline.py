"""A block's time goes to its launches alike, and what later ones need for preparing is left to them."""

from __future__ import annotations

import pytest

from speedscore.bench_suite.measuring.deadline import Deadline
from tests.clocks import FakeClock


def prepare(deadline: Deadline, clock: FakeClock, *, takes_seconds: float) -> None:
    with deadline.preparing():
        clock.now += takes_seconds


def test_without_a_limit_there_is_always_time() -> None:
    clock = FakeClock()
    deadline = Deadline(None, launches=1, clock=clock)
    clock.now = 1e9
    assert deadline.count_launch()
    assert not deadline.is_over
    assert deadline.rounds_end_seconds() is None


def test_every_launch_has_as_much_time_for_its_rounds_as_the_others() -> None:
    clock = FakeClock()
    deadline = Deadline(70.0, launches=2, clock=clock)
    for prepared_at, end in ((10.0, 35.0), (45.0, 70.0)):
        assert deadline.count_launch()
        prepare(deadline, clock, takes_seconds=10.0)
        assert clock.now == prepared_at
        assert deadline.rounds_end_seconds() == pytest.approx(end)
        clock.now = end


def test_a_launch_that_could_not_be_prepared_in_time_is_not_begun() -> None:
    clock = FakeClock()
    deadline = Deadline(30.0, launches=2, clock=clock)
    deadline.count_launch()
    prepare(deadline, clock, takes_seconds=10.0)
    clock.now = 20.5
    assert not deadline.count_launch()
    assert not deadline.is_over


def test_the_longest_preparing_counts() -> None:
    clock = FakeClock()
    deadline = Deadline(100.0, launches=3, clock=clock)
    for takes_seconds in (20.0, 5.0):
        deadline.count_launch()
        prepare(deadline, clock, takes_seconds=takes_seconds)
    # 75 s are left for two launches' rounds, and the last one is taken to need 20 s before its own.
    assert deadline.rounds_end_seconds() == pytest.approx(25.0 + (75.0 - 20.0) / 2)


def test_a_time_that_is_over_ends_rounds_at_once_and_not_before_now() -> None:
    clock = FakeClock()
    deadline = Deadline(10.0, launches=1, clock=clock)
    assert deadline.count_launch()
    clock.now = 12.0
    assert deadline.is_over
    assert deadline.rounds_end_seconds() == 12.0
