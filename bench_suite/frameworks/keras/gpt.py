"""The GPT-2 form of transformer in Keras: pre-norm blocks, fused query-key-value product, head tied to the embedding.

It computes no loss; see ``workloads/gpt.py`` for names and shapes.
"""

# Where Keras is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from speedscore.bench_suite.frameworks.keras.layers import (
    ATTENTION,
    Attention,
    FeedForward,
    build,
    decode,
    embedding,
    layer_norm,
    tanh_gelu,
)
from speedscore.bench_suite.frameworks.keras.layout import KerasModel
from speedscore.bench_suite.workloads.gpt import NORM_EPSILON, Gpt


class Block(layers.Layer):
    """A pre-norm block: [batch, length, D] to the same."""

    def __init__(self, width: int, heads: int, *, name: str) -> None:
        super().__init__(name=name)
        self.ln1 = layer_norm("ln1", epsilon=NORM_EPSILON)
        self.attn = Attention(width, heads, causal=True, name="attn")
        self.ln2 = layer_norm("ln2", epsilon=NORM_EPSILON)
        self.mlp = FeedForward(width, activation=tanh_gelu, name="mlp")

    def call(self, hidden: Any) -> Any:
        hidden = hidden + self.attn(self.ln1(hidden))
        return hidden + self.mlp(self.ln2(hidden))


class LanguageModel(keras.Model):
    """Tokens [batch, length] to logits [batch, length, vocabulary]; the head is the token embedding."""

    def __init__(self, workload: Gpt) -> None:
        super().__init__(name="gpt")
        width = workload.width
        self.wte = embedding(workload.vocabulary, width, "wte")
        self.wpe = embedding(workload.context, width, "wpe")
        self.blocks = [Block(width, workload.heads, name=f"block{index}") for index in range(workload.layers)]
        self.ln_f = layer_norm("ln_f", epsilon=NORM_EPSILON)

    def call(self, tokens: Any, training: bool | None = None) -> Any:
        del training
        hidden = self.wte(tokens) + self.wpe(ops.arange(tokens.shape[1]))
        for block in self.blocks:
            hidden = block(hidden)
        return decode(self.ln_f(hidden), self.wte)


def make(workload: Gpt) -> KerasModel:
    """The model with its weights as Keras draws them."""
    module = build(LanguageModel(workload), (workload.context,), dtype="int32")
    return KerasModel(module, {"layout": "fused qkv", "attention": ATTENTION})
