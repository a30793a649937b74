"""What the two transformers have in common in raw JAX: dense layers, layer normalisation and attention.

It holds no weights and never picks an epsilon, a mask or a form of GELU: the models do.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax


def dense(params: Any, name: str, inputs: Any) -> Any:
    """[..., in] to [..., out]."""
    return inputs @ params[f"{name}.kernel"] + params[f"{name}.bias"]


def normalise(params: Any, name: str, inputs: Any, *, epsilon: float) -> Any:
    """Layer normalisation over the last axis; the variance as E[x²] − E[x]²."""
    # One pass over the inputs instead of two, as Flax does by default: with the mean taken away first, training the
    # language model took 1.25 times as long on the CPU. Rounding may carry the difference below zero.
    #
    # The squares first, as Flax does too: the gradient of the inputs is summed in the reverse order of these lines, and
    # with the mean first XLA's host backend computes the residual stream's gradient anew in every fusion that reads it,
    # 15 % more bytes in a training step of the language model.
    mean_square = jnp.square(inputs).mean(-1, keepdims=True)
    mean = inputs.mean(-1, keepdims=True)
    variance = jnp.maximum(mean_square - jnp.square(mean), 0.0)
    scale = lax.rsqrt(variance + epsilon) * params[f"{name}.scale"]
    return (inputs - mean) * scale + params[f"{name}.bias"]


def attend(params: Any, name: str, inputs: Any, visible: Any, *, heads: int) -> Any:
    """Self-attention [batch, length, D] before its output projection.

    ``visible`` says which keys a query sees and broadcasts to [batch, heads, queries, keys].
    """
    # By hand: on XLA's host backend a training step with jax.nn.dot_product_attention took 2 to 12 % longer, and the
    # fused cuDNN kernel behind that function takes half precision only.
    batch, length, width = inputs.shape
    projected = dense(params, f"{name}.qkv", inputs).reshape(batch, length, 3, heads, width // heads)
    query, key, value = (projected[:, :, part].transpose(0, 2, 1, 3) for part in range(3))
    scores = (query * (width // heads) ** -0.5) @ key.swapaxes(-1, -2)
    attention = jax.nn.softmax(jnp.where(visible, scores, -jnp.inf), axis=-1)
    return (attention @ value).transpose(0, 2, 1, 3).reshape(batch, length, width)
