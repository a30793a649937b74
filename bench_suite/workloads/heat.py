"""The heat equation on a square as a NumPy simulation in float64: one explicit step after another.

u_t = Δu + source on the unit square, zero on its edge, discretised on ``size`` × ``size`` inner points by central
differences in space and forward Euler in time (FTCS). The edge is no part of a field. It draws nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STEPS = 200
RATIO = 0.2
"""Time step over the square of the distance between two points; explicit steps are stable up to 0.25."""

STEP_FLOPS = 7
"""Of one point: three additions of its neighbours, four times itself, a difference, a product and a sum."""


def time_step(size: int) -> float:
    """What multiplies a source in one step."""
    return RATIO / (size + 1) ** 2


def laplacian(fields: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of the four neighbours less four times the point, of fields [..., size, size]."""
    padded = np.pad(fields, [(0, 0)] * (fields.ndim - 2) + [(1, 1), (1, 1)])
    across = padded[..., 1:-1, :-2] + padded[..., 1:-1, 2:]
    result: NDArray[np.float64] = padded[..., :-2, 1:-1] + padded[..., 2:, 1:-1] + across - 4.0 * fields
    return result


def simulate(
    fields: NDArray[np.float64], sources: NDArray[np.float64] | float = 0.0, *, steps: int = STEPS
) -> NDArray[np.float64]:
    """The fields [..., size, size] after ``steps``, with constant sources of their shape."""
    added = time_step(fields.shape[-1]) * np.asarray(sources)
    for _ in range(steps):
        fields = fields + RATIO * laplacian(fields) + added
    return fields


def points(size: int) -> NDArray[np.float64]:
    """Where the inner points lie along one side."""
    return np.arange(1, size + 1) / (size + 1)
