"""The multilayer perceptron in Equinox: ``eqx.nn.Linear`` layers with the exact GELU between them.

It computes no loss; see ``workloads/mlp.py`` for names and shapes.
"""

# Where Equinox is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax

from speedscore.bench_suite.frameworks.equinox.driver import EquinoxModel
from speedscore.bench_suite.workloads.mlp import Mlp


def make(workload: Mlp, *, platform: str) -> EquinoxModel:
    """The model as a module for one example, mapped over the batch; it is the same on every platform."""
    del platform

    def apply(module: Any, state: Any, inputs: Any, training: bool) -> tuple[Any, Any]:
        """Inputs [batch, features] to logits [batch, classes]."""
        del training
        return jax.vmap(module)(inputs), state

    return EquinoxModel(lambda key: Perceptron(workload, key=key), apply, {"layout": "[out, in] weights"})


class Perceptron(eqx.Module):
    """[features] to logits [classes]."""

    denses: list[eqx.nn.Linear]

    def __init__(self, workload: Mlp, *, key: Any) -> None:
        sizes = workload.layer_sizes
        keys = jax.random.split(key, len(sizes))
        self.denses = [
            eqx.nn.Linear(inputs, outputs, use_bias=True, key=key)
            for (inputs, outputs), key in zip(sizes, keys, strict=True)
        ]

    def __call__(self, inputs: Any) -> Any:
        first, *others = self.denses
        activations = first(inputs)
        for dense in others:
            activations = dense(jax.nn.gelu(activations, approximate=False))
        return activations
