"""Runtimes that go wrong after their first answer, for the tests: each answers ``Target.load`` of a StableHLO file."""

from __future__ import annotations

import os
from typing import Any

from speedscore.bench_suite.frameworks.jax.exports import run_stablehlo


def die_of_another_size(memory: dict[str, Any], *, folder: str, artefact: str) -> None:
    """Takes its process with it where it is given more than one example."""
    run_stablehlo.load(memory, folder=folder, artefact=artefact)
    call = memory["call"]
    memory["call"] = lambda batch: call(batch) if len(batch) == 1 else os.abort()


def die_when_timed(memory: dict[str, Any], *, folder: str, artefact: str) -> None:
    """Answers both batches, and no more."""
    run_stablehlo.load(memory, folder=folder, artefact=artefact)
    call, asked = memory["call"], list[int]()

    def call_twice(batch: Any) -> Any:
        asked.append(len(batch))
        return call(batch) if len(asked) <= 2 else os.abort()

    memory["call"] = call_twice
