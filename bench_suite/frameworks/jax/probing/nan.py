"""A step of raw JAX that can give a NaN, and ``jax_debug_nans``, which looks for one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import jax
import jax.numpy as jnp

from speedscore.bench_suite.frameworks.nan_steps import BATCH, WEIGHT, WIDTH, Step

wait_for: Any = jax.block_until_ready  # it has no annotations
INPUTS_SHAPE = (BATCH, WIDTH)


def switch() -> AbstractContextManager[Any]:
    debugging: AbstractContextManager[Any] = jax.debug_nans(True)
    return debugging


def make_step(*, operation: str, mode: str) -> Step:
    del mode

    def loss(parameters: Any, inputs: Any, offset: Any) -> Any:
        values = jnp.tanh(inputs @ parameters["first"]) @ parameters["second"] + offset
        if operation == "log":
            return jnp.log(values).mean()  # NaN by log
        return jnp.sqrt(values).mean()  # NaN by sqrt

    kernel = jnp.full((WIDTH, WIDTH), WEIGHT)
    return jit_step(loss, {"first": kernel, "second": kernel})


def jit_step(loss: Callable[[Any, Any, Any], Any], parameters: Any) -> Step:
    """A step of plain descent under ``jax.jit``, for any tree of parameters and (parameters, inputs, offset) → loss."""
    inputs = jnp.ones(INPUTS_SHAPE)

    @jax.jit
    def train(parameters: Any, offset: Any) -> Any:
        value, gradients = jax.value_and_grad(loss)(parameters, inputs, offset)
        return jax.tree.map(lambda old, gradient: old - WEIGHT * gradient, parameters, gradients), value

    # The weights stay: a step that gave a NaN would spoil those after it.
    return lambda offset: float(wait_for(train(parameters, offset))[1])
