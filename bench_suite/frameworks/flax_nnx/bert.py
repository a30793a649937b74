"""The BERT form of encoder in Flax NNX: post-norm blocks, fused query-key-value product, tied decoder.

It holds no weights and computes no loss; see ``workloads/bert.py`` for names and shapes.
"""

# Where Flax is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from speedscore.bench_suite.frameworks.flax_nnx.layout import NnxModel
from speedscore.bench_suite.frameworks.jax.layers import softmax_of_products
from speedscore.bench_suite.frameworks.jax.precision import compute_type, describe_compute
from speedscore.bench_suite.workloads.bert import NORM_EPSILON, PADDING, SEGMENTS, Bert


def make(workload: Bert, *, platform: str) -> NnxModel:
    """The model's class; it is the same on every platform."""
    del platform
    return NnxModel(
        lambda rngs: Encoder(workload, rngs=rngs),
        {
            "layout": "fused qkv",
            "attention": "unfused products and softmax",
            **describe_compute(workload.precision),
        },
    )


class Encoder(nnx.Module):
    """Tokens and segments [batch, 2, length] to logits [batch, length, vocabulary]."""

    def __init__(self, workload: Bert, *, rngs: nnx.Rngs) -> None:
        width, dtype = workload.width, compute_type(workload.precision)
        self.word = nnx.Embed(workload.vocabulary, width, dtype=dtype, rngs=rngs)
        self.position = nnx.Embed(workload.context, width, dtype=dtype, rngs=rngs)
        self.segment = nnx.Embed(SEGMENTS, width, dtype=dtype, rngs=rngs)
        self.embed = Normalised(width, dtype=dtype, rngs=rngs)
        self.layers = nnx.List([Layer(width, workload.heads, dtype, rngs=rngs) for _ in range(workload.layers)])
        self.head = Head(workload, rngs=rngs)

    def __call__(self, inputs: Any) -> Any:
        tokens, segments = inputs[:, 0], inputs[:, 1]
        visible = (tokens != PADDING)[:, None, None, :]
        hidden = (
            self.word(tokens)
            + self.position.embedding[: tokens.shape[1]].astype(self.position.dtype)
            + self.segment(segments)
        )
        hidden = self.embed(hidden)
        for layer in self.layers:
            hidden = layer(hidden, visible)
        return self.word.attend(self.head(hidden)) + self.head.bias[...].astype(hidden.dtype)


class Normalised(nnx.Module):
    """Layer normalisation over the last axis, one level down, where the sum of the embeddings has it."""

    def __init__(self, width: int, dtype: Any, *, rngs: nnx.Rngs) -> None:
        self.ln = _norm(width, dtype, rngs)

    def __call__(self, hidden: Any) -> Any:
        return self.ln(hidden)


class Layer(nnx.Module):
    """A post-norm block: [batch, length, D] to the same, over the keys in ``visible`` [batch, 1, 1, length]."""

    def __init__(self, width: int, heads: int, dtype: Any, *, rngs: nnx.Rngs) -> None:
        self.attn = Attention(width, heads, dtype, rngs=rngs)
        self.mlp = FeedForward(width, dtype, rngs=rngs)

    def __call__(self, hidden: Any, visible: Any) -> Any:
        return self.mlp(self.attn(hidden, visible))


class Attention(nnx.Module):
    """Self-attention to the keys in ``visible``, its output projection, the residual sum and its normalisation."""

    def __init__(self, width: int, heads: int, dtype: Any, *, rngs: nnx.Rngs) -> None:
        self.heads = heads
        self.qkv = nnx.Linear(width, 3 * width, use_bias=True, dtype=dtype, rngs=rngs)
        self.proj = nnx.Linear(width, width, use_bias=True, dtype=dtype, rngs=rngs)
        self.ln = _norm(width, dtype, rngs)

    def __call__(self, hidden: Any, visible: Any) -> Any:
        # By hand, for the reason given in the language model's file.
        batch, length, width = hidden.shape
        projected = self.qkv(hidden).reshape(batch, length, 3, self.heads, width // self.heads)
        query, key, value = (projected[:, :, part].transpose(0, 2, 1, 3) for part in range(3))
        attention = softmax_of_products(query, key, visible)
        mixed = (attention @ value).transpose(0, 2, 1, 3).reshape(batch, length, width)
        return self.ln(hidden + self.proj(mixed))


class FeedForward(nnx.Module):
    """Two dense layers with the exact GELU between them, the residual sum and its normalisation."""

    def __init__(self, width: int, dtype: Any, *, rngs: nnx.Rngs) -> None:
        self.fc = nnx.Linear(width, 4 * width, use_bias=True, dtype=dtype, rngs=rngs)
        self.proj = nnx.Linear(4 * width, width, use_bias=True, dtype=dtype, rngs=rngs)
        self.ln = _norm(width, dtype, rngs)

    def __call__(self, hidden: Any) -> Any:
        return self.ln(hidden + self.proj(jax.nn.gelu(self.fc(hidden), approximate=False)))


class Head(nnx.Module):
    """[batch, length, D] to the same; its bias belongs to the logits, which the tied decoder makes of it."""

    def __init__(self, workload: Bert, *, rngs: nnx.Rngs) -> None:
        dtype = compute_type(workload.precision)
        self.dense = nnx.Linear(workload.width, workload.width, use_bias=True, dtype=dtype, rngs=rngs)
        self.ln = _norm(workload.width, dtype, rngs)
        self.bias = nnx.Param(jnp.zeros(workload.vocabulary))

    def __call__(self, hidden: Any) -> Any:
        return self.ln(jax.nn.gelu(self.dense(hidden), approximate=False))


def _norm(width: int, dtype: Any, rngs: nnx.Rngs) -> nnx.LayerNorm:
    """Layer normalisation over the last axis."""
    # One pass over the inputs, as is Flax's default: up to 5 % of a training step.
    return nnx.LayerNorm(
        width, epsilon=NORM_EPSILON, use_bias=True, use_scale=True, use_fast_variance=True, dtype=dtype, rngs=rngs
    )
