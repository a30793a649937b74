"""A step of Flax NNX under ``nnx.jit`` that can give a NaN; the switch is JAX's."""

# Where Flax is not installed, its classes and decorators are Any to the type checker.
# mypy: allow-subclassing-any, allow-untyped-decorators

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from speedscore.bench_suite.frameworks.jax.probing.nan import INPUTS_SHAPE, switch, wait_for
from speedscore.bench_suite.frameworks.nan_steps import WEIGHT, WIDTH, Step

__all__ = ["make_step", "switch"]


class Model(nnx.Module):
    """Inputs [batch, width] and an offset to the loss."""

    def __init__(self, operation: str, rngs: nnx.Rngs) -> None:
        constant = nnx.initializers.constant(WEIGHT)
        self.operation = operation
        self.first = nnx.Linear(WIDTH, WIDTH, kernel_init=constant, rngs=rngs)
        self.second = nnx.Linear(WIDTH, WIDTH, kernel_init=constant, rngs=rngs)

    def __call__(self, inputs: Any, offset: Any) -> Any:
        values = self.second(jnp.tanh(self.first(inputs))) + offset
        if self.operation == "log":
            return jnp.log(values).mean()  # NaN by log
        return jnp.sqrt(values).mean()  # NaN by sqrt


def make_step(*, operation: str, mode: str) -> Step:
    del mode
    model = Model(operation, nnx.Rngs(0))
    inputs = jnp.ones(INPUTS_SHAPE)

    @nnx.jit
    def train(model: Model, offset: Any) -> Any:
        loss, gradients = nnx.value_and_grad(lambda model: model(inputs, offset))(model)
        state = nnx.state(model, nnx.Param)
        return loss, jax.tree.map(lambda old, gradient: old - WEIGHT * gradient, state, gradients)

    return lambda offset: float(wait_for(train(model, offset))[0])
