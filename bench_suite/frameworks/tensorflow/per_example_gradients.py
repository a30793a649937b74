"""The gradient of each example's loss in TensorFlow: ``tf.vectorized_map`` over the examples of a ``GradientTape``.

``GradientTape.jacobian`` of the losses would take each of them back through the whole batch: 7 to 13 times as long.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from speedscore.bench_suite.frameworks.tensorflow.tanh_net import half_squared_error
from speedscore.bench_suite.frameworks.tensorflow.tasks import Named, TensorflowTask
from speedscore.bench_suite.workloads.tanh_net import split_inputs
from speedscore.bench_suite.workloads.task import TaskWorkload


def make(task: TaskWorkload, *, platform: str) -> TensorflowTask:
    """The task as a function of its arguments; it is the same on every platform."""
    del task, platform

    def function(arguments: Named) -> Named:
        parameters, inputs = split_inputs(arguments)

        def gradient(example: Any) -> dict[str, Any]:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(parameters)
                loss = half_squared_error(parameters, *(values[None] for values in example))
            gradients: dict[str, Any] = tape.gradient(loss, parameters)
            return gradients

        mapped: Named = tf.vectorized_map(gradient, (inputs, arguments["targets"]))
        return mapped

    return TensorflowTask(function, {"form": "tf.vectorized_map(GradientTape)"})
