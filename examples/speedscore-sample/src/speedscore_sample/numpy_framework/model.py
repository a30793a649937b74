"""What a model must offer to be run by this framework: a forward and a backward pass over canonical weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.workloads.workload import Weights

Matrix = NDArray[np.float32]


class NumpyModel(msgspec.Struct, frozen=True):
    """One model as two functions; the framework has the loss and the optimizer."""

    forward: Callable[[Weights, Any], tuple[Matrix, Any]]
    """(weights, inputs) → (logits [batch, classes], whatever ``backward`` needs)."""
    backward: Callable[[Weights, Any, Matrix], Weights]
    """(weights, what ``forward`` kept, gradient of the logits) → gradients by canonical name."""


def dense(weights: Weights, name: str, inputs: Matrix) -> Matrix:
    """Inputs [batch, in] through ``name.kernel`` and ``name.bias`` to [batch, out]."""
    outputs = inputs @ weights[f"{name}.kernel"]
    outputs += weights[f"{name}.bias"]
    return outputs


def dense_gradients(name: str, inputs: Matrix, gradient: Matrix) -> Weights:
    """Gradients of kernel and bias from that of the outputs, [batch, out]."""
    return {f"{name}.kernel": inputs.T @ gradient, f"{name}.bias": gradient.sum(axis=0)}
