"""The multilayer perceptron in Flax Linen: dense layers with the exact GELU between them.

It holds no weights and computes no loss; see ``workloads/mlp.py`` for names and shapes.
"""

# Where Flax is not installed, its classes and decorators are Any to the type checker.
# mypy: allow-subclassing-any, allow-untyped-decorators

from __future__ import annotations

from typing import Any

import jax
from flax import linen as nn

from speedscore.bench_suite.frameworks.flax_linen.layout import make_model
from speedscore.bench_suite.frameworks.jax.driver import PureModel
from speedscore.bench_suite.frameworks.jax.precision import compute_type, describe_compute
from speedscore.bench_suite.workloads.mlp import Mlp


def make(workload: Mlp, *, platform: str) -> PureModel:
    """The model's pure functions; they are the same on every platform."""
    del platform
    widths = tuple(outputs for _, outputs in workload.layer_sizes)
    module = Perceptron(widths, compute_type(workload.precision))
    return make_model(module, {"layout": "[in, out] kernels", **describe_compute(workload.precision)})


class Perceptron(nn.Module):
    """Inputs [batch, features] to logits [batch, classes]."""

    widths: tuple[int, ...]
    """Outputs of each layer, first to last."""
    dtype: Any
    """Of the computation; parameters are in float32."""

    @nn.compact
    def __call__(self, inputs: Any, training: bool) -> Any:
        del training
        activations = inputs
        for index, width in enumerate(self.widths):
            if index:
                activations = jax.nn.gelu(activations, approximate=False)
            activations = nn.Dense(width, use_bias=True, dtype=self.dtype, name=f"dense{index}")(activations)
        return activations
