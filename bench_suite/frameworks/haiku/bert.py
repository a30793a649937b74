"""The BERT form of encoder in Haiku: post-norm blocks, fused query-key-value product, decoder tied to the embedding.

It holds no weights and computes no loss; see ``workloads/bert.py`` for names and shapes.
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
from speedscore.bench_suite.workloads.bert import NORM_EPSILON, PADDING, SEGMENTS, Bert
from speedscore.host.fields import Scalar


def make(workload: Bert, *, platform: str) -> PureModel:
    """The model's pure functions; they are the same on every platform."""
    del platform
    compute = compute_type(workload.precision)

    def forward(inputs: Any, training: bool) -> Any:
        """Tokens and segments [batch, 2, length] to logits [batch, length, vocabulary]."""
        del training
        tokens, segments = inputs[:, 0], inputs[:, 1]
        visible = (tokens != PADDING)[:, None, None, :]
        words = hk.Embed(workload.vocabulary, workload.width, lookup_style="ARRAY_INDEX", name="word")
        positions = hk.Embed(workload.context, workload.width, name="position").embeddings
        kinds = hk.Embed(SEGMENTS, workload.width, lookup_style="ARRAY_INDEX", name="segment")
        hidden = words(tokens) + positions[: tokens.shape[1]] + kinds(segments)
        with hk.name_scope("embed"):
            hidden = layer_norm("ln", epsilon=NORM_EPSILON)(hidden).astype(compute)
        for index in range(workload.layers):
            with hk.name_scope(f"layer{index}"):
                hidden = Attention(workload.heads, name="attn")(hidden, visible)
                hidden = Mlp(name="mlp")(hidden)
        return Head(name="head")(hidden, words.embeddings.astype(compute))

    description: dict[str, Scalar] = {"layout": "fused qkv", "attention": "unfused products and softmax"}
    return transform(forward, description, precision=workload.precision)


class Attention(hk.Module):
    """Self-attention [batch, length, D] with its output projection, shortcut and normalisation."""

    def __init__(self, heads: int, *, name: str) -> None:
        super().__init__(name=name)
        self.heads = heads

    def __call__(self, hidden: Any, visible: Any) -> Any:
        attended = dense(hidden.shape[-1], "proj")(attend(hidden, visible, self.heads))
        return layer_norm("ln", epsilon=NORM_EPSILON)(hidden + attended)


class Mlp(hk.Module):
    """Two dense layers with the exact GELU between them, their shortcut and normalisation."""

    def __call__(self, hidden: Any) -> Any:
        width = hidden.shape[-1]
        inner = jax.nn.gelu(dense(4 * width, "fc")(hidden), approximate=False)
        return layer_norm("ln", epsilon=NORM_EPSILON)(hidden + dense(width, "proj")(inner))


class Head(hk.Module):
    """[batch, length, D] to logits [batch, length, V], by the word embeddings [V, D]."""

    def __call__(self, hidden: Any, embeddings: Any) -> Any:
        hidden = jax.nn.gelu(dense(hidden.shape[-1], "dense")(hidden), approximate=False)
        bias = hk.get_parameter("b", embeddings.shape[:1], dtype=embeddings.dtype, init=jnp.zeros)
        return layer_norm("ln", epsilon=NORM_EPSILON)(hidden) @ embeddings.T + bias
