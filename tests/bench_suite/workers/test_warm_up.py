"""Warming up ends when steps have become alike, and not later than it may."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from speedscore.bench_suite.workers import rounds
from speedscore.bench_suite.workers.rounds import warm_up
from speedscore.bench_suite.workloads.presets import STANDARD_WARM_UP, WarmUp
from speedscore.record.phases import MODEL_ROLES, Role
from tests.clocks import FakeClock


class Steps:
    """A program whose steps take the durations it is given, the last of them again and again."""

    def __init__(self, clock: FakeClock, durations: Iterable[float]) -> None:
        self.count = 0
        self._clock = clock
        self._durations = list(durations)

    def step(self) -> None:
        self._clock.now += self._durations[min(self.count, len(self._durations) - 1)]
        self.count += 1

    infer = step

    def wait(self) -> None: ...


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    clock = FakeClock()
    monkeypatch.setattr(rounds, "seconds", clock)
    return clock


@pytest.mark.parametrize("role", MODEL_ROLES)
def test_three_chunks_that_agree_are_enough(clock: FakeClock, role: Role) -> None:
    program: Any = Steps(clock, [0.5, 0.1, 0.1, 0.104])
    assert warm_up(program, role=role) == pytest.approx(0.1)
    assert program.count == 4


def test_what_never_agrees_ends_with_its_time(clock: FakeClock) -> None:
    program: Any = Steps(clock, [0.1, 0.2] * 100)
    warm_up(program, role="training")
    assert STANDARD_WARM_UP.limit_seconds < clock.now < STANDARD_WARM_UP.limit_seconds + 0.3


def test_short_steps_are_taken_in_chunks_that_the_clock_can_tell_apart(clock: FakeClock) -> None:
    program: Any = Steps(clock, [0.001])
    assert warm_up(program, role="training") == pytest.approx(0.001)
    # Chunks of 1, 2, 4, 8 and 16 steps are too short; one of 32 lasts longer than 20 ms, and three of those agree.
    assert program.count == 1 + 2 + 4 + 8 + 16 + 3 * 32


def test_a_preset_can_shorten_it(clock: FakeClock) -> None:
    program: Any = Steps(clock, [0.1, 0.2] * 100)
    warm_up(program, role="training", until=WarmUp(limit_seconds=0.25))
    assert program.count == 2
    one: Any = Steps(clock, [0.1])
    warm_up(one, role="training", until=WarmUp(chunks=1))
    assert one.count == 1
