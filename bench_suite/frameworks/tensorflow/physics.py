"""The heat equation in TensorFlow: ``tf.while_loop`` over the steps under XLA, differentiated by ``GradientTape``."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from speedscore.bench_suite.frameworks.tensorflow.tasks import Named, TensorflowTask
from speedscore.bench_suite.workloads.heat import RATIO, STEPS, time_step
from speedscore.bench_suite.workloads.physics import GRADIENT, ITERATIONS, HeatEquation


def make(task: HeatEquation, *, platform: str) -> TensorflowTask:
    """The task as a function of its arguments; it is the same on every platform."""
    del platform
    return TensorflowTask(
        _differentiate if task.what == GRADIENT else _solve, {"form": "GradientTape through tf.while_loop"}
    )


def _simulate(initial: Any, source: Any = 0.0) -> Any:
    """The field [size, size] after all steps; ``source`` is what each of them adds."""

    def step(count: Any, field: Any) -> tuple[Any, Any]:
        padded = tf.pad(field, [[1, 1], [1, 1]])
        neighbours = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
        return count + 1, field + RATIO * (neighbours - 4.0 * field) + source

    # XLA differentiates a loop only where it knows how many rounds it has at most.
    return tf.while_loop(lambda count, _: count < STEPS, step, (0, initial), maximum_iterations=STEPS)[1]


def _differentiate(arguments: Named) -> dict[str, Any]:
    initial, target = arguments["initial"], arguments["target"]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(initial)
        error = tf.reduce_mean((_simulate(initial) - target) ** 2)
    return {"error": error, "gradient": tape.gradient(error, initial)}


def _solve(arguments: Named) -> dict[str, Any]:
    shapes, measured = arguments["shapes"], arguments["measured"]

    def predict(amplitudes: Any) -> Any:
        source = time_step(measured.shape[0]) * tf.tensordot(amplitudes, shapes, axes=1)
        return _simulate(tf.zeros_like(measured), source)

    def differentiate(amplitudes: Any) -> tuple[Any, Any]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(amplitudes)
            half_squares = 0.5 * tf.reduce_sum((predict(amplitudes) - measured) ** 2)
        return half_squares, tape.gradient(half_squares, amplitudes)

    def iterate(count: Any, amplitudes: Any, direction: Any, gradient: Any, _: Any) -> tuple[Any, ...]:
        squared, change = tf.reduce_sum(gradient**2), predict(direction)
        amplitudes = amplitudes + squared / tf.reduce_sum(change**2) * direction
        half_squares, following = differentiate(amplitudes)
        direction = tf.reduce_sum(following**2) / squared * direction - following
        return count + 1, amplitudes, direction, following, half_squares

    amplitudes = tf.zeros(shapes.shape[:1])
    half_squares, gradient = differentiate(amplitudes)
    begun = (0, amplitudes, -gradient, gradient, half_squares)
    _, amplitudes, _, _, half_squares = tf.while_loop(lambda count, *_: count < ITERATIONS, iterate, begun)
    return {"amplitudes": amplitudes, "error": 2.0 * half_squares / measured.shape.num_elements()}
