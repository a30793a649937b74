"""The GPT-2 form of transformer in Flax NNX: pre-norm blocks, fused query-key-value product, tied head.

It holds no weights and computes no loss; see ``workloads/gpt.py`` for names and shapes.
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
from speedscore.bench_suite.workloads.gpt import NORM_EPSILON, Gpt


def make(workload: Gpt, *, platform: str) -> NnxModel:
    """The model's class; it is the same on every platform."""
    del platform
    return NnxModel(
        lambda rngs: LanguageModel(workload, rngs=rngs),
        {
            "layout": "fused qkv",
            "attention": "unfused products and softmax",
            **describe_compute(workload.precision),
        },
    )


class LanguageModel(nnx.Module):
    """Tokens [batch, length] to logits [batch, length, vocabulary]; the head is the token embedding."""

    def __init__(self, workload: Gpt, *, rngs: nnx.Rngs) -> None:
        width, dtype = workload.width, compute_type(workload.precision)
        self.wte = nnx.Embed(workload.vocabulary, width, dtype=dtype, rngs=rngs)
        self.wpe = nnx.Embed(workload.context, width, dtype=dtype, rngs=rngs)
        self.blocks = nnx.List([Block(width, workload.heads, dtype, rngs=rngs) for _ in range(workload.layers)])
        self.ln_f = _norm(width, dtype, rngs)

    def __call__(self, tokens: Any) -> Any:
        hidden = self.wte(tokens) + self.wpe.embedding[: tokens.shape[1]].astype(self.wpe.dtype)
        for block in self.blocks:
            hidden = block(hidden)
        return self.wte.attend(self.ln_f(hidden))


class Block(nnx.Module):
    """A pre-norm block: [batch, length, D] to the same."""

    def __init__(self, width: int, heads: int, dtype: Any, *, rngs: nnx.Rngs) -> None:
        self.ln1 = _norm(width, dtype, rngs)
        self.attn = Attention(width, heads, dtype, rngs=rngs)
        self.ln2 = _norm(width, dtype, rngs)
        self.mlp = FeedForward(width, dtype, rngs=rngs)

    def __call__(self, hidden: Any) -> Any:
        hidden = hidden + self.attn(self.ln1(hidden))
        return hidden + self.mlp(self.ln2(hidden))


class Attention(nnx.Module):
    """Causal self-attention [batch, length, D] and its output projection."""

    def __init__(self, width: int, heads: int, dtype: Any, *, rngs: nnx.Rngs) -> None:
        self.heads = heads
        self.qkv = nnx.Linear(width, 3 * width, use_bias=True, dtype=dtype, rngs=rngs)
        self.proj = nnx.Linear(width, width, use_bias=True, dtype=dtype, rngs=rngs)

    def __call__(self, inputs: Any) -> Any:
        # By hand: with nnx.dot_product_attention a forward pass took up to 5 % longer, a training step about as long.
        batch, length, width = inputs.shape
        projected = self.qkv(inputs).reshape(batch, length, 3, self.heads, width // self.heads)
        query, key, value = (projected[:, :, part].transpose(0, 2, 1, 3) for part in range(3))
        visible = jnp.tril(jnp.ones((length, length), dtype=bool))
        attention = softmax_of_products(query, key, visible)
        return self.proj((attention @ value).transpose(0, 2, 1, 3).reshape(batch, length, width))


class FeedForward(nnx.Module):
    """Two dense layers, four times as wide between them, with the tanh form of GELU."""

    def __init__(self, width: int, dtype: Any, *, rngs: nnx.Rngs) -> None:
        self.fc = nnx.Linear(width, 4 * width, use_bias=True, dtype=dtype, rngs=rngs)
        self.proj = nnx.Linear(4 * width, width, use_bias=True, dtype=dtype, rngs=rngs)

    def __call__(self, inputs: Any) -> Any:
        return self.proj(jax.nn.gelu(self.fc(inputs), approximate=True))


def _norm(width: int, dtype: Any, rngs: nnx.Rngs) -> nnx.LayerNorm:
    """Layer normalisation over the last axis."""
    # One pass over the inputs, as is Flax's default: a training step took 2/3 of the time at small, 9/10 at smoke. With
    # two, XLA's host backend computes the residual stream anew in every fusion that reads it.
    return nnx.LayerNorm(
        width, epsilon=NORM_EPSILON, use_bias=True, use_scale=True, use_fast_variance=True, dtype=dtype, rngs=rngs
    )
