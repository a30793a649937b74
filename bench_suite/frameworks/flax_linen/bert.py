"""The BERT form of encoder in Flax Linen: post-norm blocks, fused query-key-value product, tied decoder.

It holds no weights and computes no loss; see ``workloads/bert.py`` for names and shapes.
"""

# Where Flax is not installed, its classes and decorators are Any to the type checker.
# mypy: allow-subclassing-any, allow-untyped-decorators

from __future__ import annotations

from typing import Any

import jax
from flax import linen as nn

from speedscore.bench_suite.frameworks.flax_linen.layout import make_model
from speedscore.bench_suite.frameworks.jax.driver import PureModel
from speedscore.bench_suite.frameworks.jax.layers import softmax_of_products
from speedscore.bench_suite.frameworks.jax.precision import compute_type, describe_compute
from speedscore.bench_suite.workloads.bert import NORM_EPSILON, PADDING, SEGMENTS, Bert


def make(workload: Bert, *, platform: str) -> PureModel:
    """The model's pure functions; they are the same on every platform."""
    del platform
    description = {"layout": "fused qkv", "attention": "unfused products and softmax"}
    module = Encoder(workload, compute_type(workload.precision))
    return make_model(module, description | describe_compute(workload.precision))


class Encoder(nn.Module):
    """Tokens and segments [batch, 2, length] to logits [batch, length, vocabulary]."""

    workload: Bert
    dtype: Any
    """Of the computation; parameters are in float32."""

    @nn.compact
    def __call__(self, inputs: Any, training: bool) -> Any:
        del training
        width = self.workload.width
        tokens, segments = inputs[:, 0], inputs[:, 1]
        words = nn.Embed(self.workload.vocabulary, width, dtype=self.dtype, name="word")
        positions = nn.Embed(self.workload.context, width, name="position").embedding[: tokens.shape[1]]
        segments = nn.Embed(SEGMENTS, width, dtype=self.dtype, name="segment")(segments)
        hidden = words(tokens) + positions.astype(self.dtype) + segments
        hidden = Normalised(self.dtype, name="embed")(hidden)
        visible = (tokens != PADDING)[:, None, None, :]
        for index in range(self.workload.layers):
            hidden = Layer(self.workload.heads, self.dtype, name=f"layer{index}")(hidden, visible)
        return Head(self.dtype, name="head")(hidden, words)


class Normalised(nn.Module):
    """Layer normalisation over the last axis, one level down, where the sum of the embeddings has it."""

    dtype: Any

    @nn.compact
    def __call__(self, hidden: Any) -> Any:
        return _norm(self.dtype)(hidden)


class Layer(nn.Module):
    """A post-norm block: [batch, length, D] to the same, over the keys in ``visible`` [batch, 1, 1, length]."""

    heads: int
    dtype: Any

    @nn.compact
    def __call__(self, hidden: Any, visible: Any) -> Any:
        return FeedForward(self.dtype, name="mlp")(Attention(self.heads, self.dtype, name="attn")(hidden, visible))


class Attention(nn.Module):
    """Self-attention to the keys in ``visible``, its output projection, the residual sum and its normalisation."""

    heads: int
    dtype: Any

    @nn.compact
    def __call__(self, hidden: Any, visible: Any) -> Any:
        # By hand, for the reason given in the language model's file.
        batch, length, width = hidden.shape
        projected = nn.Dense(3 * width, use_bias=True, dtype=self.dtype, name="qkv")(hidden)
        projected = projected.reshape(batch, length, 3, self.heads, width // self.heads)
        query, key, value = (projected[:, :, part].transpose(0, 2, 1, 3) for part in range(3))
        attention = softmax_of_products(query, key, visible)
        mixed = (attention @ value).transpose(0, 2, 1, 3).reshape(batch, length, width)
        return _norm(self.dtype)(hidden + nn.Dense(width, use_bias=True, dtype=self.dtype, name="proj")(mixed))


class FeedForward(nn.Module):
    """Two dense layers with the exact GELU between them, the residual sum and its normalisation."""

    dtype: Any

    @nn.compact
    def __call__(self, hidden: Any) -> Any:
        width = hidden.shape[-1]
        inner = jax.nn.gelu(nn.Dense(4 * width, use_bias=True, dtype=self.dtype, name="fc")(hidden), approximate=False)
        return _norm(self.dtype)(hidden + nn.Dense(width, use_bias=True, dtype=self.dtype, name="proj")(inner))


class Head(nn.Module):
    """[batch, length, D] to logits [batch, length, vocabulary] of the tokens whose embeddings are ``words``."""

    dtype: Any

    @nn.compact
    def __call__(self, hidden: Any, words: nn.Embed) -> Any:
        hidden = jax.nn.gelu(
            nn.Dense(hidden.shape[-1], use_bias=True, dtype=self.dtype, name="dense")(hidden), approximate=False
        )
        logits = words.attend(_norm(self.dtype)(hidden))
        return logits + self.param("bias", nn.initializers.zeros_init(), logits.shape[-1:]).astype(self.dtype)


def _norm(dtype: Any) -> nn.LayerNorm:
    """Layer normalisation over the last axis."""
    # One pass over the inputs, as is Flax's default: up to 5 % of a training step.
    return nn.LayerNorm(
        epsilon=NORM_EPSILON, use_bias=True, use_scale=True, use_fast_variance=True, dtype=dtype, name="ln"
    )
