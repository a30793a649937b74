"""Runs and times an artefact that is open, whatever opened it. It imports no runtime; NumPy is all that it needs.

Runs in the runtime's process, where ``Target.load`` has left a function under ``memory["call"]``.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np


def run(memory: dict[str, Any], *, examples: str, answers: str) -> None:
    """Run the batch in the file ``examples`` (.npy) and write the logits to the file ``answers``."""
    np.save(answers, memory["call"](np.load(examples)))


def time_calls(memory: dict[str, Any], *, examples: str, calls: int) -> list[float]:
    """Seconds of each of so many calls, one after the other: from the batch to its logits, both arrays of NumPy's.

    By a browser's clock in a browser, between arrays of JavaScript's.
    """
    batch = np.load(examples)
    if "time" in memory:
        own: list[float] = memory["time"](batch, calls)
        return own
    seconds = []
    for _ in range(calls):
        began = time.perf_counter()
        memory["call"](batch)
        seconds.append(time.perf_counter() - began)
    return seconds
