"""The BERT form of encoder in Keras: post-norm blocks, fused query-key-value product, decoder tied to the embedding.

It computes no loss; see ``workloads/bert.py`` for names and shapes.
"""

# Where Keras is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

from functools import partial
from typing import Any

import keras
from keras import layers, ops

from speedscore.bench_suite.frameworks.keras.layers import (
    ATTENTION,
    Attention,
    FeedForward,
    build,
    decode,
    dense,
    embedding,
    exact_gelu,
    layer_norm,
)
from speedscore.bench_suite.frameworks.keras.layout import KerasModel
from speedscore.bench_suite.workloads.bert import NORM_EPSILON, PADDING, SEGMENTS, Bert


class Layer(layers.Layer):
    """A post-norm block: [batch, length, D] to the same, over the keys in ``visible`` [batch, 1, 1, length]."""

    def __init__(self, width: int, heads: int, *, name: str) -> None:
        super().__init__(name=name)
        self.attn = Attention(width, heads, causal=False, name="attn")
        self.attn_ln = layer_norm("attn_ln", epsilon=NORM_EPSILON)
        self.mlp = FeedForward(width, activation=exact_gelu, name="mlp")
        self.mlp_ln = layer_norm("mlp_ln", epsilon=NORM_EPSILON)

    def call(self, hidden: Any, visible: Any) -> Any:
        hidden = self.attn_ln(hidden + self.attn(hidden, visible))
        return self.mlp_ln(hidden + self.mlp(hidden))


class Head(layers.Layer):
    """[batch, length, D] to logits [batch, length, V]; the decoder is ``table`` and a bias."""

    def __init__(self, workload: Bert, table: layers.Embedding) -> None:
        super().__init__(name="head")
        self.dense = dense(workload.width, "dense", activation=exact_gelu)
        self.ln = layer_norm("ln", epsilon=NORM_EPSILON)
        self.bias = self.add_weight(shape=(workload.vocabulary,), initializer="zeros", name="bias")
        self.decode = partial(decode, embedding=table)

    def call(self, hidden: Any) -> Any:
        return self.decode(self.ln(self.dense(hidden))) + self.bias


class Encoder(keras.Model):
    """Tokens and segments [batch, 2, length] to logits [batch, length, vocabulary]."""

    def __init__(self, workload: Bert) -> None:
        super().__init__(name="bert")
        width = workload.width
        self.word = embedding(workload.vocabulary, width, "word")
        self.position = embedding(workload.context, width, "position")
        self.segment = embedding(SEGMENTS, width, "segment")
        self.embed_ln = layer_norm("embed_ln", epsilon=NORM_EPSILON)
        self.blocks = [Layer(width, workload.heads, name=f"layer{index}") for index in range(workload.layers)]
        self.head = Head(workload, self.word)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        del training
        tokens, segments = inputs[:, 0], inputs[:, 1]
        visible = ops.not_equal(tokens, PADDING)[:, None, None, :]
        hidden = self.word(tokens) + self.position(ops.arange(tokens.shape[1])) + self.segment(segments)
        hidden = self.embed_ln(hidden)
        for block in self.blocks:
            hidden = block(hidden, visible)
        return self.head(hidden)


def make(workload: Bert) -> KerasModel:
    """The model with its weights as Keras draws them."""
    module = build(Encoder(workload), (2, workload.context), dtype="int32")
    return KerasModel(module, {"layout": "fused qkv", "attention": ATTENTION}, joint="_")
