"""What the models of this folder share: dense layers, layer normalisation and attention, as plain operations.

It holds no variables and knows no model.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from speedscore.bench_suite.frameworks.tensorflow.layout import Tensors


def dense(params: Tensors, name: str, inputs: Any) -> Any:
    """[batch, ..., in] to [batch, ..., out], in the type of the inputs."""
    kernel, bias = (tf.cast(params[f"{name}.{part}"], inputs.dtype) for part in ("kernel", "bias"))
    # As one product of two matrices: with more axes it would be a batched one, and the gradient of its kernel a product
    # for each example and their sum. On the host both take as long.
    rows = tf.matmul(tf.reshape(inputs, (-1, kernel.shape[0])), kernel) + bias
    # The batch may be unknown, as in a model that is exported.
    return tf.reshape(rows, (-1, *inputs.shape[1:-1], kernel.shape[1]))


def normalise(params: Tensors, name: str, inputs: Any, *, epsilon: float) -> Any:
    """Layer normalisation over the last axis; the variance as E[x²] − E[x]², which rounding may carry below zero.

    In float32, whatever the inputs are of.
    """
    values = tf.cast(inputs, tf.float32)
    mean = tf.reduce_mean(values, axis=-1, keepdims=True)
    variance = tf.maximum(tf.reduce_mean(tf.square(values), axis=-1, keepdims=True) - tf.square(mean), 0.0)
    scale = tf.math.rsqrt(variance + epsilon) * params[f"{name}.scale"]
    return tf.cast((values - mean) * scale + params[f"{name}.bias"], inputs.dtype)


def attend(params: Tensors, name: str, inputs: Any, visible: Any, *, heads: int) -> Any:
    """Self-attention [batch, length, D] before its output projection.

    ``visible`` says which keys a query sees and broadcasts to [batch, heads, queries, keys].
    """
    _, length, width = inputs.shape
    projected = tf.reshape(dense(params, f"{name}.qkv", inputs), (-1, length, 3, heads, width // heads))
    query, key, value = (tf.transpose(projected[:, :, part], (0, 2, 1, 3)) for part in range(3))
    scores = tf.cast(tf.matmul(query * (width // heads) ** -0.5, key, transpose_b=True), tf.float32)
    attention = tf.nn.softmax(tf.where(visible, scores, -float("inf")), axis=-1)
    mixed = tf.transpose(tf.matmul(tf.cast(attention, value.dtype), value), (0, 2, 1, 3))
    return tf.reshape(mixed, (-1, length, width))


def decode(hidden: Any, embedding: Any) -> Any:
    """[batch, length, D] to logits [batch, length, V] by the embedding [V, D]."""
    embedding = tf.cast(embedding, hidden.dtype)
    rows = tf.matmul(tf.reshape(hidden, (-1, embedding.shape[1])), embedding, transpose_b=True)
    return tf.reshape(rows, (-1, *hidden.shape[1:-1], embedding.shape[0]))
