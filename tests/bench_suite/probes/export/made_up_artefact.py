"""An artefact of the tests: a matrix in a file, opened as ``Target.load`` opens one. It refuses examples below zero."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

LOAD = f"{__name__}:load"


def write(folder: Path, *, weights: Any, examples: Any) -> None:
    """The artefact, an example and what the made-up framework answers, under the names of ``native``."""
    folder.mkdir()
    np.save(folder / "model.npy", weights)
    np.save(folder / "examples-1.npy", examples)
    np.save(folder / "native-1.npy", examples @ weights)


def load(memory: dict[str, Any], *, folder: str, artefact: str) -> None:
    """Answers ``Target.load``."""
    weights = np.load(Path(folder) / artefact)

    def call(batch: Any) -> Any:
        if batch.min() < 0:
            raise ValueError("below zero")
        return batch @ weights

    memory["call"] = call
