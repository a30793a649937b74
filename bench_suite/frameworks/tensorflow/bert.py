"""The BERT form of encoder in TensorFlow: post-norm blocks, fused query-key-value product, decoder tied to embedding.

It holds no weights and computes no loss; see ``workloads/bert.py`` for names and shapes.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from speedscore.bench_suite.frameworks.tensorflow.layers import attend, decode, dense, normalise
from speedscore.bench_suite.frameworks.tensorflow.layout import TensorflowModel, Tensors
from speedscore.bench_suite.frameworks.tensorflow.precision import compute_type, describe_compute
from speedscore.bench_suite.workloads.bert import NORM_EPSILON, PADDING, Bert
from speedscore.bench_suite.workloads.fusing import fuse, split
from speedscore.host.fields import Scalar


def make(workload: Bert, *, platform: str) -> TensorflowModel:
    """The model's function; it is the same on every platform."""
    del platform
    heads, compute = workload.heads, compute_type(workload.precision)

    def apply(params: Tensors, state: Tensors, inputs: Any, training: bool) -> tuple[Any, Tensors]:
        """Tokens and segments [batch, 2, length] to logits [batch, length, vocabulary]."""
        del training
        tokens, segments = inputs[:, 0], inputs[:, 1]
        visible = (tokens != PADDING)[:, tf.newaxis, tf.newaxis, :]
        embedding = params["word.embedding"]
        hidden = tf.gather(embedding, tokens, axis=0) + params["position.embedding"][: tokens.shape[1]]
        hidden = hidden + tf.gather(params["segment.embedding"], segments, axis=0)
        hidden = tf.cast(normalise(params, "embed.ln", hidden, epsilon=NORM_EPSILON), compute)
        for index in range(workload.layers):
            layer = f"layer{index}"
            attended = attend(params, f"{layer}.attn", hidden, visible, heads=heads)
            hidden = hidden + dense(params, f"{layer}.attn.proj", attended)
            hidden = normalise(params, f"{layer}.attn.ln", hidden, epsilon=NORM_EPSILON)
            inner = tf.nn.gelu(dense(params, f"{layer}.mlp.fc", hidden), approximate=False)
            hidden = hidden + dense(params, f"{layer}.mlp.proj", inner)
            hidden = normalise(params, f"{layer}.mlp.ln", hidden, epsilon=NORM_EPSILON)
        hidden = tf.nn.gelu(dense(params, "head.dense", hidden), approximate=False)
        hidden = normalise(params, "head.ln", hidden, epsilon=NORM_EPSILON)
        return decode(hidden, embedding) + tf.cast(params["head.bias"], compute), state

    description: dict[str, Scalar] = {"layout": "fused qkv", "attention": "unfused products and softmax"}
    return TensorflowModel(apply, fuse, split, description | describe_compute(workload.precision))
