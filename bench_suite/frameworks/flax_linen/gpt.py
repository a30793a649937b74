"""The GPT-2 form of transformer in Flax Linen: pre-norm blocks, fused query-key-value product, tied head.

It holds no weights and computes no loss; see ``workloads/gpt.py`` for names and shapes.
"""

# Where Flax is not installed, its classes and decorators are Any to the type checker.
# mypy: allow-subclassing-any, allow-untyped-decorators

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from speedscore.bench_suite.frameworks.flax_linen.layout import make_model
from speedscore.bench_suite.frameworks.jax.driver import PureModel
from speedscore.bench_suite.frameworks.jax.layers import softmax_of_products
from speedscore.bench_suite.frameworks.jax.precision import compute_type, describe_compute
from speedscore.bench_suite.workloads.gpt import NORM_EPSILON, Gpt


def make(workload: Gpt, *, platform: str) -> PureModel:
    """The model's pure functions; they are the same on every platform."""
    del platform
    description = {"layout": "fused qkv", "attention": "unfused products and softmax"}
    module = LanguageModel(workload, compute_type(workload.precision))
    return make_model(module, description | describe_compute(workload.precision))


class LanguageModel(nn.Module):
    """Tokens [batch, length] to logits [batch, length, vocabulary]; the head is the token embedding."""

    workload: Gpt
    dtype: Any
    """Of the computation; parameters are in float32."""

    @nn.compact
    def __call__(self, tokens: Any, training: bool) -> Any:
        del training
        width = self.workload.width
        words = nn.Embed(self.workload.vocabulary, width, dtype=self.dtype, name="wte")
        positions = nn.Embed(self.workload.context, width, dtype=self.dtype, name="wpe")
        hidden = words(tokens) + positions.embedding[: tokens.shape[1]].astype(self.dtype)
        for index in range(self.workload.layers):
            hidden = Block(self.workload.heads, self.dtype, name=f"block{index}")(hidden)
        return words.attend(_norm("ln_f", self.dtype)(hidden))


class Block(nn.Module):
    """A pre-norm block: [batch, length, D] to the same."""

    heads: int
    dtype: Any

    @nn.compact
    def __call__(self, hidden: Any) -> Any:
        hidden = hidden + Attention(self.heads, self.dtype, name="attn")(_norm("ln1", self.dtype)(hidden))
        return hidden + FeedForward(self.dtype, name="mlp")(_norm("ln2", self.dtype)(hidden))


class Attention(nn.Module):
    """Causal self-attention [batch, length, D] and its output projection."""

    heads: int
    dtype: Any

    @nn.compact
    def __call__(self, inputs: Any) -> Any:
        # By hand: with nn.dot_product_attention a forward pass took up to 5 % longer, a training step about as long.
        batch, length, width = inputs.shape
        projected = nn.Dense(3 * width, use_bias=True, dtype=self.dtype, name="qkv")(inputs)
        projected = projected.reshape(batch, length, 3, self.heads, width // self.heads)
        query, key, value = (projected[:, :, part].transpose(0, 2, 1, 3) for part in range(3))
        visible = jnp.tril(jnp.ones((length, length), dtype=bool))
        attention = softmax_of_products(query, key, visible)
        mixed = (attention @ value).transpose(0, 2, 1, 3).reshape(batch, length, width)
        return nn.Dense(width, use_bias=True, dtype=self.dtype, name="proj")(mixed)


class FeedForward(nn.Module):
    """Two dense layers, four times as wide between them, with the tanh form of GELU."""

    dtype: Any

    @nn.compact
    def __call__(self, inputs: Any) -> Any:
        width = inputs.shape[-1]
        inner = nn.Dense(4 * width, use_bias=True, dtype=self.dtype, name="fc")(inputs)
        return nn.Dense(width, use_bias=True, dtype=self.dtype, name="proj")(jax.nn.gelu(inner, approximate=True))


def _norm(name: str, dtype: Any) -> nn.LayerNorm:
    """Layer normalisation over the last axis."""
    # One pass over the inputs, as is Flax's default: a training step took 2/3 of the time at small, 9/10 at smoke. With
    # two, XLA's host backend computes the residual stream anew in every fusion that reads it.
    return nn.LayerNorm(
        epsilon=NORM_EPSILON, use_bias=True, use_scale=True, use_fast_variance=True, dtype=dtype, name=name
    )
