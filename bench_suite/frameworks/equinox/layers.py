"""What the two transformers have in common: attention, the feed-forward layer, and the library's layers under them.

Written for one example, as Equinox users do, and mapped over the batch by the models. It never picks an epsilon, a mask
or a form of GELU: the models do.
"""

# Where Equinox is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp

Dense = Callable[[Any, Any], Any]
"""(an ``eqx.nn.Linear``, a sequence [length, in]) → [length, out]."""


class Layers(NamedTuple):
    """What the idiomatic and the tuned form of a transformer differ in."""

    dense: Dense
    norm: Callable[[int, float], Any]
    """(D, epsilon) → the normalisation of one position [D]."""
    description: str


def dense_by_position(linear: Any, inputs: Any) -> Any:
    """The layer as Equinox has it, for one position, mapped over the sequence."""
    return jax.vmap(linear)(inputs)


def layer_norm(width: int, epsilon: float) -> eqx.nn.LayerNorm:
    return eqx.nn.LayerNorm(width, eps=epsilon, use_weight=True, use_bias=True)


IDIOMATIC = Layers(dense_by_position, layer_norm, "eqx.nn.Linear and eqx.nn.LayerNorm under jax.vmap")


class Attention(eqx.Module):
    """Self-attention [length, D] to the keys in ``visible`` [length or 1, length], and its output projection."""

    qkv: eqx.nn.Linear
    proj: eqx.nn.Linear
    heads: int = eqx.field(static=True)
    dense: Dense = eqx.field(static=True)

    def __init__(self, width: int, heads: int, *, dense: Dense, key: Any) -> None:
        qkv, proj = jax.random.split(key)
        self.qkv = eqx.nn.Linear(width, 3 * width, use_bias=True, key=qkv)
        self.proj = eqx.nn.Linear(width, width, use_bias=True, key=proj)
        self.heads, self.dense = heads, dense

    def __call__(self, inputs: Any, visible: Any) -> Any:
        # By hand, for the reasons given in raw JAX's file; eqx.nn.MultiheadAttention has three products for qkv's one.
        length, width = inputs.shape
        projected = self.dense(self.qkv, inputs).reshape(length, 3, self.heads, width // self.heads)
        query, key, value = (projected[:, part].transpose(1, 0, 2) for part in range(3))
        scores = (query * (width // self.heads) ** -0.5) @ key.swapaxes(-1, -2)
        attention = jax.nn.softmax(jnp.where(visible, scores, -jnp.inf), axis=-1)
        return self.dense(self.proj, (attention @ value).transpose(1, 0, 2).reshape(length, width))


class Mlp(eqx.Module):
    """Two dense layers [length, D], four times as wide between them, with GELU in its tanh form or exact."""

    fc: eqx.nn.Linear
    proj: eqx.nn.Linear
    approximate: bool = eqx.field(static=True)
    dense: Dense = eqx.field(static=True)

    def __init__(self, width: int, *, approximate: bool, dense: Dense, key: Any) -> None:
        fc, proj = jax.random.split(key)
        self.fc = eqx.nn.Linear(width, 4 * width, use_bias=True, key=fc)
        self.proj = eqx.nn.Linear(4 * width, width, use_bias=True, key=proj)
        self.approximate, self.dense = approximate, dense

    def __call__(self, inputs: Any) -> Any:
        return self.dense(self.proj, jax.nn.gelu(self.dense(self.fc, inputs), approximate=self.approximate))
