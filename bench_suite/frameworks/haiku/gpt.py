"""The GPT-2 form of transformer in Haiku: pre-norm blocks, fused query-key-value product, head tied to the embedding.

It holds no weights and computes no loss; see ``workloads/gpt.py`` for names and shapes.
"""

# Where Haiku is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

from typing import Any

import haiku as hk
import jax
import jax.numpy as jnp

from speedscore.bench_suite.frameworks.haiku.layers import attend, dense, layer_norm, transform
from speedscore.bench_suite.frameworks.jax.driver import PureModel
from speedscore.bench_suite.frameworks.jax.precision import compute_type
from speedscore.bench_suite.workloads.gpt import NORM_EPSILON, Gpt
from speedscore.host.fields import Scalar


def make(workload: Gpt, *, platform: str) -> PureModel:
    """The model's pure functions; they are the same on every platform."""
    del platform
    compute = compute_type(workload.precision)

    def forward(tokens: Any, training: bool) -> Any:
        """Tokens [batch, length] to logits [batch, length, vocabulary]."""
        del training
        words = hk.Embed(workload.vocabulary, workload.width, lookup_style="ARRAY_INDEX", name="wte")
        positions = hk.Embed(workload.context, workload.width, name="wpe").embeddings
        hidden = (words(tokens) + positions[: tokens.shape[1]]).astype(compute)
        for index in range(workload.layers):
            hidden = Block(workload.heads, name=f"block{index}")(hidden)
        return layer_norm("ln_f", epsilon=NORM_EPSILON)(hidden) @ words.embeddings.astype(compute).T

    description: dict[str, Scalar] = {"layout": "fused qkv", "attention": "unfused products and softmax"}
    return transform(forward, description, precision=workload.precision)


class Block(hk.Module):
    """A pre-norm block: [batch, length, D] to the same."""

    def __init__(self, heads: int, *, name: str) -> None:
        super().__init__(name=name)
        self.heads = heads

    def __call__(self, hidden: Any) -> Any:
        normed = layer_norm("ln1", epsilon=NORM_EPSILON)(hidden)
        hidden = hidden + Attention(self.heads, name="attn")(normed)
        normed = layer_norm("ln2", epsilon=NORM_EPSILON)(hidden)
        return hidden + Mlp(name="mlp")(normed)


class Attention(hk.Module):
    """Causal self-attention [batch, length, D] and its output projection."""

    def __init__(self, heads: int, *, name: str) -> None:
        super().__init__(name=name)
        self.heads = heads

    def __call__(self, inputs: Any) -> Any:
        _, length, width = inputs.shape
        visible = jnp.tril(jnp.ones((length, length), dtype=bool))
        return dense(width, "proj")(attend(inputs, visible, self.heads))


class Mlp(hk.Module):
    """Two dense layers, four times as wide between them, with the tanh form of GELU."""

    def __call__(self, inputs: Any) -> Any:
        width = inputs.shape[-1]
        return dense(width, "proj")(jax.nn.gelu(dense(4 * width, "fc")(inputs), approximate=True))
