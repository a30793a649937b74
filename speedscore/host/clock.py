"""The only place where the suite reads a clock for a figure that it reports. Tests replace ``seconds`` here."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Seconds since any fixed moment: ``seconds`` below, or what a test makes up."""


def seconds() -> float:
    """Monotonic time in seconds, at the best resolution that the platform has."""
    return time.perf_counter()
