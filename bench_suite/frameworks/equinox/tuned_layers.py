"""The dense layers and the normalisation of the tuned transformers: the library's own, written anew for speed alone.

No user would write them, so they stand in a line of their own, ``equinox-tuned``.
"""

# Where Equinox is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from speedscore.bench_suite.frameworks.equinox.layers import Layers


def dense_on_sequence(linear: Any, inputs: Any) -> Any:
    """An ``eqx.nn.Linear`` on a sequence [length, in] at once: [length, out]."""
    # Mapped over positions it is weight · inputsᵀ, and its result is transposed once more: interleaved on the CPU, the
    # language model took 15 % longer to train, 10 to 17 % longer over the batch and about as long over one input.
    return inputs @ linear.weight.T + linear.bias


class LayerNorm(eqx.Module):
    """Layer normalisation of one position [D], the variance as E[x²] − E[x]²."""

    # eqx.nn.LayerNorm takes the mean away first and so goes over its input twice; see raw JAX's file.
    scale: jax.Array
    bias: jax.Array
    epsilon: float = eqx.field(static=True)

    def __init__(self, width: int, epsilon: float) -> None:
        self.scale = jnp.ones(width, dtype=jnp.float32)
        self.bias = jnp.zeros(width, dtype=jnp.float32)
        self.epsilon = epsilon

    def __call__(self, position: Any) -> Any:
        # The squares first, for the reason given in raw JAX's file.
        mean_square = jnp.square(position).mean()
        mean = position.mean()
        variance = jnp.maximum(mean_square - jnp.square(mean), 0.0)
        return (position - mean) * (jax.lax.rsqrt(variance + self.epsilon) * self.scale) + self.bias


TUNED = Layers(dense_on_sequence, LayerNorm, "one product a sequence, normalisation in one pass")
