"""What the models of this folder share: the exact GELU, layer normalisation, attention, and the head that is tied.

They are Keras layers and ``keras.ops``, the same on every backend. No layer here picks an epsilon: the models do.
"""

# Where Keras is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

KERNEL = "zeros"
"""How a kernel is initialised: the workload's weights follow, and to draw others would compile a program a shape."""
ATTENTION = "keras.ops.dot_product_attention"
"""The call that computes it, as a program's description says it."""
_FLASH = False if keras.backend.backend() == "torch" else None
"""Keras looks for itself whether a flash kernel fits. On PyTorch it does so by an object that torch.compile cannot see
through (3.15); False leaves the choice of the kernel to PyTorch, which makes it at every call anyway."""


def exact_gelu(inputs: Any) -> Any:
    """x · Φ(x), with the error function."""
    return ops.gelu(inputs, approximate=False)


def tanh_gelu(inputs: Any) -> Any:
    """The form of GELU with the hyperbolic tangent."""
    return ops.gelu(inputs, approximate=True)


def dense(width: int, name: str, *, activation: Any = None) -> Any:
    """[..., in] to [..., width]."""
    return layers.Dense(width, use_bias=True, activation=activation, kernel_initializer=KERNEL, name=name)


def embedding(rows: int, width: int, name: str) -> Any:
    """Indices to rows of a table [rows, width]."""
    return layers.Embedding(rows, width, embeddings_initializer=KERNEL, name=name)


def layer_norm(name: str, *, epsilon: float) -> Any:
    """Layer normalisation over the last axis, with scale and bias."""
    return layers.LayerNormalization(axis=-1, epsilon=epsilon, center=True, scale=True, name=name)


class Attention(layers.Layer):
    """Self-attention [batch, length, D] with query, key and value in one product, and its output projection."""

    def __init__(self, width: int, heads: int, *, causal: bool, name: str) -> None:
        super().__init__(name=name)
        self.heads = heads
        self.causal = causal
        self.qkv = dense(3 * width, "qkv")
        self.proj = dense(width, "proj")

    def call(self, inputs: Any, visible: Any = None) -> Any:
        """``visible`` is true of the keys seen, [batch, 1, 1, keys]; None where the mask is causal."""
        _, length, width = inputs.shape
        split = ops.reshape(self.qkv(inputs), (-1, length, 3, self.heads, width // self.heads))
        # No scale given means 1/√(head width), which is what the workloads ask for.
        mixed = ops.dot_product_attention(
            split[:, :, 0],
            split[:, :, 1],
            split[:, :, 2],
            mask=visible,
            is_causal=self.causal,
            flash_attention=_FLASH,
        )
        return self.proj(ops.reshape(mixed, (-1, length, width)))


class FeedForward(layers.Layer):
    """Two dense layers, four times as wide between them, with a form of GELU."""

    def __init__(self, width: int, *, activation: Any, name: str) -> None:
        super().__init__(name=name)
        self.fc = dense(4 * width, "fc", activation=activation)
        self.proj = dense(width, "proj")

    def call(self, inputs: Any) -> Any:
        return self.proj(self.fc(inputs))


def decode(hidden: Any, embedding: layers.Embedding) -> Any:
    """[batch, length, D] to logits [batch, length, V] by the table of the embedding [V, D]."""
    return ops.matmul(hidden, ops.transpose(embedding.embeddings))


def build(module: keras.Model, shape: tuple[int, ...], *, dtype: str) -> keras.Model:
    """The model with its variables, after a symbolic call on inputs [batch, *shape]."""
    module(keras.Input(shape, dtype=dtype))
    return module
