"""A clock that moves by the work that is done, so that a slowdown is certain and there is no noise."""

from __future__ import annotations

import pytest

UNIT_SECONDS = 2.0**-13
"""A power of two: the difference of two readings is exact, so equal work takes equally long however late it is."""

UNITS_DONE = 0


def clock() -> float:
    return UNITS_DONE * UNIT_SECONDS


def work(units: int) -> None:
    global UNITS_DONE
    UNITS_DONE += units


counted = pytest.mark.benchmark(timer=clock)
