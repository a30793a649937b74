"""The Jacobian of a perceptron in TensorFlow: ``GradientTape.batch_jacobian``, reverse mode over the outputs."""

from __future__ import annotations

import tensorflow as tf

from speedscore.bench_suite.frameworks.tensorflow.tanh_net import apply
from speedscore.bench_suite.frameworks.tensorflow.tasks import Named, TensorflowTask
from speedscore.bench_suite.workloads.tanh_net import split_inputs
from speedscore.bench_suite.workloads.task import TaskWorkload


def make(task: TaskWorkload, *, platform: str) -> TensorflowTask:
    """The task as a function of its arguments; it is the same on every platform."""
    del task, platform

    def function(arguments: Named) -> Named:
        parameters, inputs = split_inputs(arguments)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(inputs)
            outputs = apply(parameters, inputs)
        return {"jacobian": tape.batch_jacobian(outputs, inputs)}

    return TensorflowTask(function, {"form": "GradientTape.batch_jacobian"})
