"""What the models in raw JAX have in common: dense layers, layer normalisation and attention, in a model's precision.

It holds no weights and never picks an epsilon, a mask or a form of GELU: the models do.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax


def dense(params: Any, name: str, inputs: Any) -> Any:
    """[..., in] to [..., out], in the type of the inputs."""
    kernel, bias = params[f"{name}.kernel"], params[f"{name}.bias"]
    return inputs @ kernel.astype(inputs.dtype) + bias.astype(inputs.dtype)


def normalise(params: Any, name: str, inputs: Any, *, epsilon: float) -> Any:
    """Layer normalisation over the last axis; the variance as E[x²] − E[x]², in float32 whatever the inputs are of."""
    # One pass over the inputs instead of two, as Flax does by default: with the mean taken away first, training the
    # language model took 1.25 times as long on the CPU. Rounding may carry the difference below zero.
    #
    # The squares first, as Flax does too: the gradient of the inputs is summed in the reverse order of these lines, and
    # with the mean first XLA's host backend computes the residual stream's gradient anew in every fusion that reads it,
    # 15 % more bytes in a training step of the language model.
    values = inputs.astype(jnp.float32)
    mean_square = jnp.square(values).mean(-1, keepdims=True)
    mean = values.mean(-1, keepdims=True)
    variance = jnp.maximum(mean_square - jnp.square(mean), 0.0)
    scale = lax.rsqrt(variance + epsilon) * params[f"{name}.scale"]
    return ((values - mean) * scale + params[f"{name}.bias"]).astype(inputs.dtype)


def attend(params: Any, name: str, inputs: Any, visible: Any, *, heads: int) -> Any:
    """Self-attention [batch, length, D] before its output projection.

    ``visible`` says which keys a query sees and broadcasts to [batch, heads, queries, keys].
    """
    # By hand: on XLA's host backend a training step with jax.nn.dot_product_attention took 2 to 12 % longer, and the
    # fused cuDNN kernel behind that function takes half precision only.
    batch, length, width = inputs.shape
    projected = dense(params, f"{name}.qkv", inputs).reshape(batch, length, 3, heads, width // heads)
    query, key, value = (projected[:, :, part].transpose(0, 2, 1, 3) for part in range(3))
    attention = softmax_of_products(query, key, visible)
    return (attention @ value).transpose(0, 2, 1, 3).reshape(batch, length, width)


def softmax_of_products(query: Any, key: Any, visible: Any) -> Any:
    """Attention [batch, heads, queries, keys] in the type of ``query``; the scores and their softmax in float32."""
    scores = jnp.matmul(query * query.shape[-1] ** -0.5, key.swapaxes(-1, -2), preferred_element_type=jnp.float32)
    return jax.nn.softmax(jnp.where(visible, scores, -jnp.inf), axis=-1).astype(query.dtype)
