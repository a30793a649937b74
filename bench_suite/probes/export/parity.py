"""Whether an artefact gives the framework's own numbers. It runs nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def relative_error(answers: NDArray[np.float32], native: NDArray[np.float32]) -> float:
    """‖answers − native‖₂ / ‖native‖₂ over the batch; infinite where the shape differs or a number is not finite."""
    if answers.shape != native.shape or not np.isfinite(answers).all():
        return float("inf")
    wide = native.astype(np.float64)
    return float(np.linalg.norm(answers.astype(np.float64) - wide) / np.linalg.norm(wide))


def read_error(answers: Path, native: Path) -> float:
    """The same of two files."""
    return relative_error(np.load(answers), np.load(native))
