"""Runs serialised StableHLO by JAX alone, without the model's code and its library."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax import export


def load(memory: dict[str, Any], *, folder: str, artefact: str) -> None:
    """Answers ``Target.runtime``."""
    memory["call"] = jax.jit(export.deserialize(bytearray((Path(folder) / artefact).read_bytes())).call)


def run(memory: dict[str, Any], *, examples: str, answers: str) -> None:
    """Answers ``Target.runtime``."""
    np.save(answers, np.asarray(memory["call"](np.load(examples))))


def time_calls(memory: dict[str, Any], *, examples: str, calls: int) -> list[float]:
    """Answers ``Target.runtime``."""
    batch = jax.device_put(np.load(examples))
    seconds = []
    for _ in range(calls):
        began = time.perf_counter()
        memory["call"](batch).block_until_ready()
        seconds.append(time.perf_counter() - began)
    return seconds
