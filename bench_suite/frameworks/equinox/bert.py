"""The BERT form of encoder in Equinox: post-norm blocks, fused query-key-value product, decoder tied to the embedding.

It computes no loss; see ``workloads/bert.py`` for names and shapes.
"""

# Where Equinox is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from speedscore.bench_suite.frameworks.equinox.driver import EquinoxModel
from speedscore.bench_suite.frameworks.equinox.layers import IDIOMATIC, Attention, Dense, Layers, Mlp
from speedscore.bench_suite.workloads.bert import NORM_EPSILON, PADDING, SEGMENTS, Bert


def make(workload: Bert, *, platform: str) -> EquinoxModel:
    """The model as a module for one example, mapped over the batch; it is the same on every platform."""
    del platform
    return make_model(workload, IDIOMATIC)


def make_model(workload: Bert, layers: Layers) -> EquinoxModel:
    """The same with these layers under it."""

    def apply(module: Any, state: Any, inputs: Any, training: bool) -> tuple[Any, Any]:
        """Tokens and segments [batch, 2, length] to logits [batch, length, vocabulary]."""
        del training
        return jax.vmap(module)(inputs), state

    return EquinoxModel(
        make=lambda key: Encoder(workload, layers, key=key),
        apply=apply,
        description={
            "layout": "fused qkv, [out, in] weights",
            "attention": "unfused products and softmax",
            "layers": layers.description,
        },
    )


class Encoder(eqx.Module):
    """Tokens and segments [2, length] to logits [length, vocabulary]; the decoder is the word embedding."""

    word: eqx.nn.Embedding
    position: eqx.nn.Embedding
    segment: eqx.nn.Embedding
    embed_ln: Any
    layers: list[Layer]
    head: Head

    def __init__(self, workload: Bert, layers: Layers, *, key: Any) -> None:
        word, position, segment, head, *keys = jax.random.split(key, 4 + workload.layers)
        self.word = eqx.nn.Embedding(workload.vocabulary, workload.width, key=word)
        self.position = eqx.nn.Embedding(workload.context, workload.width, key=position)
        self.segment = eqx.nn.Embedding(SEGMENTS, workload.width, key=segment)
        self.embed_ln = layers.norm(workload.width, NORM_EPSILON)
        self.layers = [Layer(workload.width, workload.heads, layers, key=key) for key in keys]
        self.head = Head(workload.width, workload.vocabulary, layers, key=head)

    def __call__(self, inputs: Any) -> Any:
        tokens, segments = inputs
        visible = (tokens != PADDING)[None, :]
        hidden = jax.vmap(self.word)(tokens) + self.position.weight[: len(tokens)] + jax.vmap(self.segment)(segments)
        hidden = jax.vmap(self.embed_ln)(hidden)
        for layer in self.layers:
            hidden = layer(hidden, visible)
        return self.head(hidden, self.word.weight)


class Layer(eqx.Module):
    """A post-norm block: [length, D] to the same; every position sees the keys in ``visible`` [1, length]."""

    attn: Attention
    attn_ln: Any
    mlp: Mlp
    mlp_ln: Any

    def __init__(self, width: int, heads: int, layers: Layers, *, key: Any) -> None:
        attention, mlp = jax.random.split(key)
        self.attn = Attention(width, heads, dense=layers.dense, key=attention)
        self.attn_ln = layers.norm(width, NORM_EPSILON)
        self.mlp = Mlp(width, approximate=False, dense=layers.dense, key=mlp)
        self.mlp_ln = layers.norm(width, NORM_EPSILON)

    def __call__(self, hidden: Any, visible: Any) -> Any:
        hidden = jax.vmap(self.attn_ln)(hidden + self.attn(hidden, visible))
        return jax.vmap(self.mlp_ln)(hidden + self.mlp(hidden))


class Head(eqx.Module):
    """[length, D] to logits [length, V], by the word embeddings [V, D]."""

    dense: eqx.nn.Linear
    ln: Any
    bias: jax.Array
    apply_dense: Dense = eqx.field(static=True)

    def __init__(self, width: int, vocabulary: int, layers: Layers, *, key: Any) -> None:
        self.dense = eqx.nn.Linear(width, width, use_bias=True, key=key)
        self.ln = layers.norm(width, NORM_EPSILON)
        self.bias = jnp.zeros(vocabulary, dtype=jnp.float32)
        self.apply_dense = layers.dense

    def __call__(self, hidden: Any, embeddings: Any) -> Any:
        hidden = jax.nn.gelu(self.apply_dense(self.dense, hidden), approximate=False)
        return jax.vmap(self.ln)(hidden) @ embeddings.T + self.bias
