"""The perceptron with tanh of ``workloads/tanh_net.py`` in TensorFlow, for the tasks that differentiate it."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from speedscore.bench_suite.frameworks.tensorflow.tasks import Named


def apply(parameters: Named, inputs: Any) -> Any:
    """Inputs [batch, features] to outputs [batch, outputs]."""
    layers = len(parameters) // 2
    for index in range(layers):
        inputs = inputs @ parameters[f"dense{index}.kernel"] + parameters[f"dense{index}.bias"]
        if index < layers - 1:
            inputs = tf.tanh(inputs)
    return inputs


def half_squared_error(parameters: Named, inputs: Any, targets: Any) -> Any:
    """½ ‖output − target‖² of each example: inputs [batch, features] to [batch]."""
    return 0.5 * tf.reduce_sum((apply(parameters, inputs) - targets) ** 2, axis=-1)
