"""The GPT-2 form of transformer in TensorFlow: pre-norm blocks, fused query-key-value product, head tied to embedding.

It holds no weights and computes no loss; see ``workloads/gpt.py`` for names and shapes.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from speedscore.bench_suite.frameworks.tensorflow.layers import attend, decode, dense, normalise
from speedscore.bench_suite.frameworks.tensorflow.layout import TensorflowModel, Tensors
from speedscore.bench_suite.frameworks.tensorflow.precision import compute_type, describe_compute
from speedscore.bench_suite.workloads.fusing import fuse, split
from speedscore.bench_suite.workloads.gpt import NORM_EPSILON, Gpt
from speedscore.host.fields import Scalar


def make(workload: Gpt, *, platform: str) -> TensorflowModel:
    """The model's function; it is the same on every platform."""
    del platform
    heads, compute = workload.heads, compute_type(workload.precision)

    def apply(params: Tensors, state: Tensors, tokens: Any, training: bool) -> tuple[Any, Tensors]:
        """Tokens [batch, length] to logits [batch, length, vocabulary]."""
        del training
        length = tokens.shape[1]
        visible = tf.linalg.band_part(tf.ones((length, length), tf.bool), -1, 0)
        embedding = params["wte.embedding"]
        hidden = tf.cast(tf.gather(embedding, tokens, axis=0) + params["wpe.embedding"][:length], compute)
        for index in range(workload.layers):
            block = f"block{index}"
            normed = normalise(params, f"{block}.ln1", hidden, epsilon=NORM_EPSILON)
            attended = attend(params, f"{block}.attn", normed, visible, heads=heads)
            hidden = hidden + dense(params, f"{block}.attn.proj", attended)
            normed = normalise(params, f"{block}.ln2", hidden, epsilon=NORM_EPSILON)
            inner = tf.nn.gelu(dense(params, f"{block}.mlp.fc", normed), approximate=True)
            hidden = hidden + dense(params, f"{block}.mlp.proj", inner)
        return decode(normalise(params, "ln_f", hidden, epsilon=NORM_EPSILON), embedding), state

    description: dict[str, Scalar] = {"layout": "fused qkv", "attention": "unfused products and softmax"}
    return TensorflowModel(apply, fuse, split, description | describe_compute(workload.precision))
