"""The multilayer perceptron in Haiku: ``hk.Linear`` layers with the exact GELU between them.

It holds no weights and computes no loss; see ``workloads/mlp.py`` for names and shapes.
"""

from __future__ import annotations

from typing import Any

import jax

from speedscore.bench_suite.frameworks.haiku.layers import dense, transform
from speedscore.bench_suite.frameworks.jax.driver import PureModel
from speedscore.bench_suite.frameworks.jax.precision import compute_type
from speedscore.bench_suite.workloads.mlp import Mlp


def make(workload: Mlp, *, platform: str) -> PureModel:
    """The model's pure functions; they are the same on every platform."""
    del platform
    compute = compute_type(workload.precision)

    def forward(inputs: Any, training: bool) -> Any:
        """Inputs [batch, features] to logits [batch, classes]."""
        del training
        activations = inputs.astype(compute)
        for index, (_, outputs) in enumerate(workload.layer_sizes):
            if index:
                activations = jax.nn.gelu(activations, approximate=False)
            activations = dense(outputs, f"dense{index}")(activations)
        return activations

    return transform(forward, {"layout": "[in, out] kernels"}, precision=workload.precision)
