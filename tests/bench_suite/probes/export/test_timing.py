"""Both sides of a latency take an array of NumPy's and give one, and all of that is on the clock."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from speedscore.bench_suite.probes.export import native, running

CALLS = 3


class MadeUpProgram:
    """Each of its verbs takes the seconds of another power of ten."""

    def __init__(self) -> None:
        self.seconds = 0
        self.given: list[Any] = []

    def feed(self, batch: Any, targets: Any) -> None:
        del targets
        self.seconds += 1
        self.given.append(batch)

    def infer(self) -> None:
        self.seconds += 10

    def wait(self) -> None:
        self.seconds += 100

    def forward(self) -> Any:
        self.seconds += 1000
        return self.given[-1]


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    path = tmp_path / "examples.npy"
    np.save(path, np.ones((1, 4), np.float32))
    return path


def test_the_frameworks_own_call_is_timed_from_the_array_to_the_logits(
    examples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = MadeUpProgram()
    monkeypatch.setattr(native, "time", SimpleNamespace(perf_counter=lambda: program.seconds))
    memory = {"program": program, "workload": SimpleNamespace(targets=lambda: np.zeros(1, np.int32))}
    assert native.time_calls(memory, examples=str(examples), calls=CALLS) == [1111] * CALLS
    assert all(isinstance(batch, np.ndarray) for batch in program.given)


def test_a_converted_models_call_is_timed_the_same_way(examples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = MadeUpProgram()

    def call(batch: Any) -> Any:
        program.feed(batch, None)
        return program.forward()

    monkeypatch.setattr(running, "time", SimpleNamespace(perf_counter=lambda: program.seconds))
    assert running.time_calls({"call": call}, examples=str(examples), calls=CALLS) == [1001] * CALLS
    assert all(isinstance(batch, np.ndarray) for batch in program.given)
