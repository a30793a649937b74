"""The perceptron with tanh of ``workloads/tanh_net.py`` as a JAX function, for the tasks that differentiate it."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp


def apply(parameters: Any, inputs: Any) -> Any:
    """Inputs [..., features] to outputs [..., outputs]."""
    layers = len(parameters) // 2
    for index in range(layers):
        inputs = inputs @ parameters[f"dense{index}.kernel"] + parameters[f"dense{index}.bias"]
        if index < layers - 1:
            inputs = jnp.tanh(inputs)
    return inputs


def half_squared_error(parameters: Any, inputs: Any, targets: Any) -> Any:
    """½ ‖output − target‖² of each example: inputs [..., features] to [...]."""
    return 0.5 * jnp.sum((apply(parameters, inputs) - targets) ** 2, axis=-1)
