"""The multilayer perceptron in TensorFlow: dense layers with the exact GELU between them.

It holds no weights and computes no loss; see ``workloads/mlp.py`` for names and shapes.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from speedscore.bench_suite.frameworks.tensorflow.layers import dense
from speedscore.bench_suite.frameworks.tensorflow.layout import TensorflowModel, Tensors
from speedscore.bench_suite.frameworks.tensorflow.precision import compute_type, describe_compute
from speedscore.bench_suite.workloads.mlp import Mlp


def make(workload: Mlp, *, platform: str) -> TensorflowModel:
    """The model's function; it is the same on every platform."""
    del platform
    layers, compute = len(workload.layer_sizes), compute_type(workload.precision)

    def apply(params: Tensors, state: Tensors, inputs: Any, training: bool) -> tuple[Any, Tensors]:
        """Inputs [batch, features] to logits [batch, classes]."""
        del training
        activations = tf.cast(inputs, compute)
        for index in range(layers):
            if index:
                activations = tf.nn.gelu(activations, approximate=False)
            activations = dense(params, f"dense{index}", activations)
        return activations, state

    return TensorflowModel(apply, dict, dict, {"layout": "[in, out] kernels", **describe_compute(workload.precision)})
