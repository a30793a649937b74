"""A step of Equinox under ``eqx.filter_jit`` that can give a NaN; the switch is JAX's."""

# Where Equinox is not installed, its classes and decorators are Any to the type checker.
# mypy: allow-subclassing-any, allow-untyped-decorators

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from speedscore.bench_suite.frameworks.jax.probing.nan import INPUTS_SHAPE, switch
from speedscore.bench_suite.frameworks.nan_steps import WEIGHT, WIDTH, Step

__all__ = ["make_step", "switch"]


class Model(eqx.Module):
    """Inputs [batch, width] and an offset to the loss."""

    first: Any
    second: Any
    operation: str

    def __call__(self, inputs: Any, offset: Any) -> Any:
        hidden = jnp.tanh(jax.vmap(self.first)(inputs))
        values = jax.vmap(self.second)(hidden) + offset
        if self.operation == "log":
            return jnp.log(values).mean()  # NaN by log
        return jnp.sqrt(values).mean()  # NaN by sqrt


def make_step(*, operation: str, mode: str) -> Step:
    del mode
    layer = eqx.nn.Linear(WIDTH, WIDTH, key=jax.random.key(0))
    layer = eqx.tree_at(lambda layer: layer.weight, layer, jnp.full((WIDTH, WIDTH), WEIGHT))
    model = Model(layer, layer, operation)
    inputs = jnp.ones(INPUTS_SHAPE)

    differentiate: Any = eqx.filter_value_and_grad(Model.__call__)

    @eqx.filter_jit
    def train(model: Model, offset: Any) -> Any:
        loss, gradients = differentiate(model, inputs, offset)
        return eqx.apply_updates(model, jax.tree.map(lambda gradient: -WEIGHT * gradient, gradients)), loss

    return lambda offset: float(train(model, jnp.float32(offset))[1])
