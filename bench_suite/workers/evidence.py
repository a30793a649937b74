"""What a program is asked to show of a timed round: elements of its answer or of its weights, drawn after the round.

pytest's side draws the number that says which elements, when the round is over; whoever answers must have the whole.
The same choice is made here for the worker, which reads them, and for pytest's side, which knows what they must be.
It never compares.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.workers.protocol import Elements

ANSWER_ELEMENTS = 256
"""Of the logits of one example, wherever in it."""
TENSOR_ELEMENTS = 64
"""Of each tensor."""

NOT_A_NUMBER = 1e300
"""Stands for whatever is not finite, which JSON has no form for."""


def example_shown(examples: int, draw: int) -> int:
    """The one example of a pass whose logits are shown."""
    return int(np.random.default_rng(draw).integers(examples))


def answer_elements(logits: NDArray[np.floating], draw: int) -> tuple[float, ...]:
    """``logits`` of one example, of any shape."""
    return _at(logits, ANSWER_ELEMENTS, np.random.default_rng([draw, 1]))


def tensor_elements(tensors: Mapping[str, NDArray[np.floating]], draw: int) -> Elements:
    """Some of every tensor, whatever the order in which they come."""
    chance = np.random.default_rng([draw, 2])
    return {name: _at(tensors[name], TENSOR_ELEMENTS, chance) for name in sorted(tensors)}


def as_number(value: float) -> float:
    """The value, or what stands for one that is not finite."""
    return float(value) if np.isfinite(value) else NOT_A_NUMBER


def _at(values: NDArray[np.floating], count: int, chance: np.random.Generator) -> tuple[float, ...]:
    flat = values.reshape(-1)
    places = chance.integers(flat.size, size=count)
    return tuple(as_number(float(value)) for value in flat[places])
