"""The workload's optimizer as plain operations on variables, in the form that ``workloads/workload.py`` defines.

Keras's own would not do: its Adam adds epsilon to √v before the bias correction of v, which is another epsilon, and its
SGD keeps the momentum scaled by the learning rate and has no coupled decay. It never computes a gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from speedscore.bench_suite.workloads.workload import AdamW, Sgd

Variables = dict[str, Any]
"""Name → ``tf.Variable``."""
Update = Callable[[Mapping[str, Any]], None]
"""Gradients by parameter, as dense tensors → nothing; writes parameters and slots in place."""


def make_optimizer(options: Sgd | AdamW, parameters: Variables) -> tuple[Variables, Update]:
    """The optimizer's own variables, which start at zero, and its update, to be called inside a ``tf.function``."""
    if isinstance(options, AdamW):
        return _make_adamw(options, parameters)
    return _make_sgd(options, parameters)


def _make_adamw(options: AdamW, parameters: Variables) -> tuple[Variables, Update]:
    firsts, seconds = _zeros_like(parameters, "first"), _zeros_like(parameters, "second")
    count = tf.Variable(0.0, trainable=False, name="count")

    def update(gradients: Mapping[str, Any]) -> None:
        steps = count + 1.0
        count.assign(steps)
        # 1 − βᵗ without the digits that the subtraction would lose.
        first_correction, second_correction = (
            -tf.math.expm1(steps * math.log(beta)) for beta in (options.beta1, options.beta2)
        )
        for name, parameter in parameters.items():
            gradient = gradients[name]
            first = options.beta1 * firsts[name] + (1 - options.beta1) * gradient
            second = options.beta2 * seconds[name] + (1 - options.beta2) * tf.square(gradient)
            firsts[name].assign(first)
            seconds[name].assign(second)
            direction = first / first_correction / (tf.sqrt(second / second_correction) + options.epsilon)
            parameter.assign_sub(options.learning_rate * (direction + options.weight_decay * parameter))

    slots = {f"{name}.{moment}": slot for moment, of in (("m", firsts), ("v", seconds)) for name, slot in of.items()}
    return slots | {"count": count}, update


def _make_sgd(options: Sgd, parameters: Variables) -> tuple[Variables, Update]:
    velocities = _zeros_like(parameters, "velocity")

    def update(gradients: Mapping[str, Any]) -> None:
        for name, parameter in parameters.items():
            decayed = gradients[name] + options.weight_decay * parameter
            velocity = options.momentum * velocities[name] + decayed
            velocities[name].assign(velocity)
            parameter.assign_sub(options.learning_rate * velocity)

    return velocities, update


def _zeros_like(parameters: Variables, name: str) -> Variables:
    return {
        key: tf.Variable(tf.zeros_like(parameter), trainable=False, name=name) for key, parameter in parameters.items()
    }
