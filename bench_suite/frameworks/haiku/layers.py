"""What the models have in common: how a function becomes a ``PureModel``, and the layers of the transformers.

It never picks an epsilon or a mask: the models do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import haiku as hk
import jax
import jax.numpy as jnp

from speedscore.bench_suite.frameworks.haiku.layout import to_canonical, to_trees
from speedscore.bench_suite.frameworks.jax.driver import PureModel
from speedscore.host.fields import Scalar


def transform(forward: Callable[[Any, bool], Any], description: dict[str, Scalar]) -> PureModel:
    """The pure functions of ``forward``, which takes inputs and training, gives logits and draws no random numbers."""
    transformed: Any = hk.without_apply_rng(hk.transform_with_state(forward))
    return PureModel(to_trees, to_canonical, transformed.apply, description)


def dense(outputs: int, name: str) -> hk.Linear:
    """Kernel [in, outputs] and bias."""
    return hk.Linear(outputs, with_bias=True, name=name)


def layer_norm(name: str, *, epsilon: float) -> hk.LayerNorm:
    """Layer normalisation over the last axis."""
    # The fast variance, in one pass, was no faster.
    return hk.LayerNorm(
        axis=-1,
        param_axis=-1,
        create_scale=True,
        create_offset=True,
        eps=epsilon,
        use_fast_variance=True,
        name=name,
    )


def attend(inputs: Any, visible: Any, heads: int) -> Any:
    """Self-attention [batch, length, D] before its output projection, to the keys in ``visible`` [..., length]."""
    # By hand, for the reasons given in raw JAX's file; hk.MultiHeadAttention has three products for qkv's one.
    batch, length, width = inputs.shape
    projected = dense(3 * width, "qkv")(inputs).reshape(batch, length, 3, heads, width // heads)
    query, key, value = (projected[:, :, part].transpose(0, 2, 1, 3) for part in range(3))
    scores = (query * (width // heads) ** -0.5) @ key.swapaxes(-1, -2)
    attention = jax.nn.softmax(jnp.where(visible, scores, -jnp.inf), axis=-1)
    return (attention @ value).transpose(0, 2, 1, 3).reshape(batch, length, width)
