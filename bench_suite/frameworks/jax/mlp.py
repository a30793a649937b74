"""The multilayer perceptron in raw JAX: dense layers with the exact GELU between them.

It holds no weights and computes no loss; see ``workloads/mlp.py`` for names and shapes.
"""

from __future__ import annotations

from typing import Any

import jax

from speedscore.bench_suite.frameworks.jax.driver import PureModel
from speedscore.bench_suite.frameworks.jax.layers import dense
from speedscore.bench_suite.frameworks.jax.precision import compute_type, describe_compute
from speedscore.bench_suite.workloads.mlp import Mlp
from speedscore.bench_suite.workloads.workload import Weights


def make(workload: Mlp, *, platform: str) -> PureModel:
    """The model's pure functions; they are the same on every platform."""
    del platform
    layers = len(workload.layer_sizes)
    compute = compute_type(workload.precision)

    def apply(params: Any, state: Any, inputs: Any, training: bool) -> tuple[Any, Any]:
        """Inputs [batch, features] to logits [batch, classes]."""
        del training
        activations = inputs.astype(compute)
        for index in range(layers):
            if index:
                activations = jax.nn.gelu(activations, approximate=False)
            activations = dense(params, f"dense{index}", activations)
        return activations, state

    return PureModel(_to_trees, dict, apply, {"layout": "[in, out] kernels", **describe_compute(workload.precision)})


def _to_trees(parameters: Weights, state: Weights) -> tuple[Any, Any]:
    """The canonical dictionaries are themselves the trees."""
    return parameters, state
