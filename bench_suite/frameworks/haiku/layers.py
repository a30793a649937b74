"""What the models have in common: how a function becomes a ``PureModel``, and the layers of the transformers.

It never picks an epsilon or a mask: the models do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import haiku as hk
import jax.numpy as jnp

from speedscore.bench_suite.frameworks.haiku.layout import to_canonical, to_trees
from speedscore.bench_suite.frameworks.jax.driver import PureModel
from speedscore.bench_suite.frameworks.jax.layers import softmax_of_products
from speedscore.bench_suite.frameworks.jax.precision import describe_compute
from speedscore.host.fields import Scalar
from speedscore.host.peaks import Precision
from speedscore.record.phases import FLOAT32


def transform(
    forward: Callable[[Any, bool], Any], description: dict[str, Scalar], *, precision: Precision = FLOAT32
) -> PureModel:
    """The pure functions of ``forward``, which takes inputs and training, gives logits and draws no random numbers.

    A parameter comes in the type that its layer asks for, which is that of the layer's inputs.
    """

    def forward_in_types(inputs: Any, training: bool) -> Any:
        with hk.custom_getter(_in_the_type_asked_for):
            return forward(inputs, training)

    # In float32 there is nothing to cast, and a getter would only take its time.
    body = forward if precision == FLOAT32 else forward_in_types
    transformed: Any = hk.without_apply_rng(hk.transform_with_state(body))
    return PureModel(to_trees, to_canonical, transformed.apply, description | describe_compute(precision))


def _in_the_type_asked_for(next_getter: Any, value: Any, context: Any) -> Any:
    return next_getter(value).astype(context.original_dtype)


def dense(outputs: int, name: str) -> hk.Linear:
    """Kernel [in, outputs] and bias."""
    return hk.Linear(outputs, with_bias=True, name=name)


def layer_norm(name: str, *, epsilon: float) -> Callable[[Any], Any]:
    """Layer normalisation over the last axis, in float32 and given back in the type of the inputs."""
    # The variance in one pass, as Flax does by default: an option of Haiku's own layer that its documentation calls
    # faster, which somebody who has read it sets, as PyTorch's users set fused optimizers. Equinox's layer has no such
    # option, so there it is tuned.
    norm: Any = hk.LayerNorm(
        axis=-1,
        param_axis=-1,
        create_scale=True,
        create_offset=True,
        eps=epsilon,
        use_fast_variance=True,
        name=name,
    )
    return lambda inputs: norm(inputs.astype(jnp.float32)).astype(inputs.dtype)


def attend(inputs: Any, visible: Any, heads: int) -> Any:
    """Self-attention [batch, length, D] before its output projection, to the keys in ``visible`` [..., length]."""
    # By hand, for the reasons given in raw JAX's file; hk.MultiHeadAttention has three products for qkv's one.
    batch, length, width = inputs.shape
    projected = dense(3 * width, "qkv")(inputs).reshape(batch, length, 3, heads, width // heads)
    query, key, value = (projected[:, :, part].transpose(0, 2, 1, 3) for part in range(3))
    attention = softmax_of_products(query, key, visible)
    return (attention @ value).transpose(0, 2, 1, 3).reshape(batch, length, width)
