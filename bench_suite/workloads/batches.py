"""Fresh batches of a workload: made of its own examples by a number that nobody knows before the round that it is for.

Shapes, types and what a step costs stay as they are, and every value lies between values of the workload's own; but no
example is one that a program has seen, so that no answer to it can have been kept. Whoever knows the number can draw
the same batch again. It never computes an answer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.workloads.workload import Array, Workload
from speedscore.record.phases import Role

Batch = tuple[Array, NDArray[np.int32]]
"""Inputs and targets, in memory of their own."""

_LEAST_SHARE = 0.6
_MOST_SHARE = 0.9
"""Of an example of floats, what the first of its two parents gives."""


class Batches:
    """The batches of one role; inputs and targets of the workload are drawn once."""

    def __init__(self, workload: Workload, role: Role) -> None:
        self._inputs = workload.inputs()
        self._targets = workload.targets()
        self._examples = 1 if role == "inference" else len(self._inputs)

    @property
    def bytes(self) -> int:
        """Of the inputs and targets of one batch."""
        share = self._examples / len(self._inputs)
        return int(self._inputs.nbytes * share) + self._targets.nbytes

    def draw(self, number: int) -> Batch:
        """The batch of that number, the same every time: each example is made of two, and the targets change places.

        Floats are mixed; integers are spliced along their last axis, the beginning of one and the end of the other.
        """
        chance = np.random.default_rng(number)
        order = chance.permutation(len(self._inputs))
        first, second = self._inputs[order], self._inputs[np.roll(order, 1)]
        if len(order) == 1 and first.shape[-1] > 1:
            second = np.roll(first, chance.integers(1, first.shape[-1]), axis=-1)
        combine = _mix if np.issubdtype(first.dtype, np.floating) else _splice
        inputs: Array = combine(first[: self._examples], second[: self._examples], chance)
        return inputs, self._targets[chance.permutation(len(self._targets))]


def _mix(first: Any, second: Any, chance: np.random.Generator) -> Any:
    shares = chance.uniform(_LEAST_SHARE, _MOST_SHARE, (len(first), *(1,) * (first.ndim - 1))).astype(first.dtype)
    return first * shares + second * (1 - shares)


def _splice(first: Any, second: Any, chance: np.random.Generator) -> Any:
    """Cut where it tells: a value that differs is taken of each, so that padding at both ends makes nobody's twin."""
    spliced = first.copy()
    for example, other in zip(spliced, second, strict=True):
        differs = np.flatnonzero((example != other).reshape(-1, example.shape[-1]).any(axis=0))
        if len(differs) > 1:
            cut = chance.choice(differs[1:])
            example[..., cut:] = other[..., cut:]
    return spliced
