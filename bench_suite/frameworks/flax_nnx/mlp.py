"""The multilayer perceptron in Flax NNX: dense layers with the exact GELU between them.

It holds no weights and computes no loss; see ``workloads/mlp.py`` for names and shapes.
"""

# Where Flax is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

from typing import Any

import jax
from flax import nnx

from speedscore.bench_suite.frameworks.flax_nnx.layout import NnxModel
from speedscore.bench_suite.frameworks.jax.precision import compute_type, describe_compute
from speedscore.bench_suite.workloads.mlp import Mlp


def make(workload: Mlp, *, platform: str) -> NnxModel:
    """The model's class; it is the same on every platform."""
    del platform
    return NnxModel(
        lambda rngs: Perceptron(workload, rngs=rngs),
        {"layout": "[in, out] kernels", **describe_compute(workload.precision)},
    )


class Perceptron(nnx.Module):
    """Inputs [batch, features] to logits [batch, classes]."""

    def __init__(self, workload: Mlp, *, rngs: nnx.Rngs) -> None:
        dtype = compute_type(workload.precision)
        self.denses = nnx.List(
            [
                nnx.Linear(inputs, outputs, use_bias=True, dtype=dtype, rngs=rngs)
                for inputs, outputs in workload.layer_sizes
            ]
        )

    def __call__(self, inputs: Any) -> Any:
        activations = self.denses[0](inputs)
        for dense in self.denses[1:]:
            activations = dense(jax.nn.gelu(activations, approximate=False))
        return activations
