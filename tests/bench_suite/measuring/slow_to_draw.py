"""A task of which the arguments take long to draw and a call takes next to nothing, and an honest program of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.workloads.task import Arguments, Limits, Results, TaskWorkload
from speedscore.host.fields import Scalar
from speedscore.record.phases import DeviceName

DRAWING_SECONDS = 0.05
SIZE = 64


class SlowToDraw:
    """Twice the vector."""

    model = "slow-to-draw"
    preset = "smoke"
    limits = Limits({"twice": 1e-6}, "Exact in float32.")
    calls = 1
    made_by = "float64 NumPy"

    def arguments(self, draw: int = 0) -> Arguments:
        time.sleep(DRAWING_SECONDS)
        return {"vector": np.random.default_rng(draw).normal(size=SIZE).astype(np.float32)}

    def answers(self, arguments: Arguments) -> dict[str, NDArray[np.float64]]:
        return {"twice": 2 * arguments["vector"].astype(np.float64)}

    def flops(self) -> int:
        return SIZE

    def describe(self) -> dict[str, Scalar]:
        return {"size": SIZE}


class Doubles:
    """It."""

    def __init__(self, device: str, threads: int) -> None:
        self.described: dict[str, Scalar] = {"platform": device, "threads": threads, "variant": "Doubles"}
        self.feed(SlowToDraw().arguments())
        self.call()

    def feed(self, arguments: Arguments) -> None:
        self.vector = arguments["vector"]

    def call(self) -> None:
        self.twice = 2 * self.vector

    def results(self) -> Results:
        return {"twice": self.twice.astype(np.float32)}

    def load(self) -> None: ...

    def wait(self) -> None: ...

    def compile(self) -> dict[str, float]:
        return {}

    def pending(self) -> bool:
        return False

    @contextmanager
    def steady(self) -> Iterator[None]:
        yield

    def reset_peak(self) -> None: ...

    def memory(self) -> dict[str, int]:
        return {}

    def counts(self) -> dict[str, int]:
        return {}

    def describe(self) -> dict[str, Scalar]:
        return self.described


def build(_: TaskWorkload, *, implementation: str, device: DeviceName, variant: str, threads: int) -> Doubles:
    assert implementation
    assert variant
    return Doubles(device, threads)


def make(preset: str = "smoke", *, name: str = "slow-to-draw") -> SlowToDraw:
    assert preset
    assert name
    return SlowToDraw()
