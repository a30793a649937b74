"""What the models of this folder share: dense layers, layer normalisation and attention, as plain operations.

It holds no variables and knows no model.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from speedscore.bench_suite.frameworks.tensorflow.layout import Tensors


def dense(params: Tensors, name: str, inputs: Any) -> Any:
    """[batch, ..., in] to [batch, ..., out]."""
    kernel = params[f"{name}.kernel"]
    # As one product of two matrices: with more axes it would be a batched one, and the gradient of its kernel a product
    # for each example and their sum. On the host both take as long.
    rows = tf.matmul(tf.reshape(inputs, (-1, kernel.shape[0])), kernel) + params[f"{name}.bias"]
    # The batch may be unknown, as in a model that is exported.
    return tf.reshape(rows, (-1, *inputs.shape[1:-1], kernel.shape[1]))


def normalise(params: Tensors, name: str, inputs: Any, *, epsilon: float) -> Any:
    """Layer normalisation over the last axis; the variance as E[x²] − E[x]², which rounding may carry below zero."""
    mean = tf.reduce_mean(inputs, axis=-1, keepdims=True)
    variance = tf.maximum(tf.reduce_mean(tf.square(inputs), axis=-1, keepdims=True) - tf.square(mean), 0.0)
    scale = tf.math.rsqrt(variance + epsilon) * params[f"{name}.scale"]
    return (inputs - mean) * scale + params[f"{name}.bias"]


def attend(params: Tensors, name: str, inputs: Any, visible: Any, *, heads: int) -> Any:
    """Self-attention [batch, length, D] before its output projection.

    ``visible`` says which keys a query sees and broadcasts to [batch, heads, queries, keys].
    """
    _, length, width = inputs.shape
    projected = tf.reshape(dense(params, f"{name}.qkv", inputs), (-1, length, 3, heads, width // heads))
    query, key, value = (tf.transpose(projected[:, :, part], (0, 2, 1, 3)) for part in range(3))
    scores = tf.matmul(query * (width // heads) ** -0.5, key, transpose_b=True)
    attention = tf.nn.softmax(tf.where(visible, scores, -float("inf")), axis=-1)
    mixed = tf.transpose(tf.matmul(attention, value), (0, 2, 1, 3))
    return tf.reshape(mixed, (-1, length, width))


def decode(hidden: Any, embedding: Any) -> Any:
    """[batch, length, D] to logits [batch, length, V] by the embedding [V, D]."""
    rows = tf.matmul(tf.reshape(hidden, (-1, embedding.shape[1])), embedding, transpose_b=True)
    return tf.reshape(rows, (-1, *hidden.shape[1:-1], embedding.shape[0]))
