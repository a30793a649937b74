"""A clock that moves by the work that is done, so that a slowdown is certain and there is no noise."""

from __future__ import annotations

import pytest

NOW = 0.0


def clock() -> float:
    return NOW


def work(units: int) -> None:
    global NOW
    NOW += units * 1e-4


counted = pytest.mark.benchmark(timer=clock)
