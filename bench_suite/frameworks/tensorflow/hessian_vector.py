"""The Hessian of a loss times a vector in TensorFlow: ``ForwardAccumulator`` over ``GradientTape``.

Compiled by XLA, a tape over a tape takes the same time.
"""

from __future__ import annotations

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
        names = list(parameters)
        primals = [parameters[name] for name in names]
        with tf.autodiff.ForwardAccumulator(primals, [arguments[f"vector.{name}"] for name in names]) as accumulator:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(primals)
                loss = tf.reduce_mean(half_squared_error(parameters, inputs, arguments["targets"]))
            gradients = tape.gradient(loss, primals)
        return dict(zip(names, accumulator.jvp(gradients), strict=True))

    return TensorflowTask(function, {"form": "ForwardAccumulator over GradientTape"})
