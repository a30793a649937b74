"""What the two transformers have in common: attention, its dense layers on a whole sequence, normalisation.

Written for one example, as Equinox users do, and mapped over the batch by the models. It never picks an epsilon, a mask
or a form of GELU: the models do.
"""

# Where Equinox is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp


class Attention(eqx.Module):
    """Self-attention [length, D] to the keys in ``visible`` [length or 1, length], and its output projection."""

    qkv: eqx.nn.Linear
    proj: eqx.nn.Linear
    heads: int = eqx.field(static=True)

    def __init__(self, width: int, heads: int, *, key: Any) -> None:
        qkv, proj = jax.random.split(key)
        self.qkv = eqx.nn.Linear(width, 3 * width, use_bias=True, key=qkv)
        self.proj = eqx.nn.Linear(width, width, use_bias=True, key=proj)
        self.heads = heads

    def __call__(self, inputs: Any, visible: Any) -> Any:
        # By hand, for the reasons given in raw JAX's file; eqx.nn.MultiheadAttention has three products for qkv's one.
        length, width = inputs.shape
        projected = dense(self.qkv, inputs).reshape(length, 3, self.heads, width // self.heads)
        query, key, value = (projected[:, part].transpose(1, 0, 2) for part in range(3))
        scores = (query * (width // self.heads) ** -0.5) @ key.swapaxes(-1, -2)
        attention = jax.nn.softmax(jnp.where(visible, scores, -jnp.inf), axis=-1)
        return dense(self.proj, (attention @ value).transpose(1, 0, 2).reshape(length, width))


class Mlp(eqx.Module):
    """Two dense layers [length, D], four times as wide between them, with GELU in its tanh form or exact."""

    fc: eqx.nn.Linear
    proj: eqx.nn.Linear
    approximate: bool = eqx.field(static=True)

    def __init__(self, width: int, *, approximate: bool, key: Any) -> None:
        fc, proj = jax.random.split(key)
        self.fc = eqx.nn.Linear(width, 4 * width, use_bias=True, key=fc)
        self.proj = eqx.nn.Linear(4 * width, width, use_bias=True, key=proj)
        self.approximate = approximate

    def __call__(self, inputs: Any) -> Any:
        return dense(self.proj, jax.nn.gelu(dense(self.fc, inputs), approximate=self.approximate))


def dense(linear: Any, inputs: Any) -> Any:
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

    def __init__(self, width: int, *, epsilon: float) -> None:
        self.scale = jnp.ones(width, dtype=jnp.float32)
        self.bias = jnp.zeros(width, dtype=jnp.float32)
        self.epsilon = epsilon

    def __call__(self, position: Any) -> Any:
        # The squares first, for the reason given in raw JAX's file.
        mean_square = jnp.square(position).mean()
        mean = position.mean()
        variance = jnp.maximum(mean_square - jnp.square(mean), 0.0)
        return (position - mean) * (jax.lax.rsqrt(variance + self.epsilon) * self.scale) + self.bias
