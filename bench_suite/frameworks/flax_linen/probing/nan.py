"""A step of Flax Linen that can give a NaN; the switch is JAX's."""

# Where Flax is not installed, its classes and decorators are Any to the type checker.
# mypy: allow-subclassing-any, allow-untyped-decorators

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from speedscore.bench_suite.frameworks.jax.probing.nan import INPUTS_SHAPE, jit_step, switch
from speedscore.bench_suite.frameworks.nan_steps import HEALTHY_OFFSET, WEIGHT, WIDTH, Step

__all__ = ["make_step", "switch"]


class Model(nn.Module):
    """Inputs [batch, width] and an offset to the loss."""

    operation: str

    @nn.compact
    def __call__(self, inputs: Any, offset: Any) -> Any:
        constant = nn.initializers.constant(WEIGHT)
        hidden = jnp.tanh(nn.Dense(WIDTH, kernel_init=constant)(inputs))
        values = nn.Dense(WIDTH, kernel_init=constant)(hidden) + offset
        if self.operation == "log":
            return jnp.log(values).mean()  # NaN by log
        return jnp.sqrt(values).mean()  # NaN by sqrt


def make_step(*, operation: str, mode: str) -> Step:
    del mode
    model = Model(operation)
    # Drawn with a healthy offset: the initial pass computes too.
    parameters = model.init(jax.random.key(0), jnp.ones(INPUTS_SHAPE), HEALTHY_OFFSET)
    return jit_step(model.apply, parameters)
