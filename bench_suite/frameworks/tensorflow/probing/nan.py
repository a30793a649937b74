"""A step of TensorFlow that can give a NaN, by XLA or not, and ``enable_check_numerics``, which looks for one."""

# Where TensorFlow has no types, its decorators are Any to the type checker.
# mypy: allow-untyped-decorators

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from speedscore.bench_suite.frameworks.nan_steps import BATCH, WEIGHT, WIDTH, Step


@contextmanager
def switch() -> Iterator[None]:
    """What was traced before it stays as it was."""
    tf.debugging.enable_check_numerics()
    try:
        yield
    finally:
        tf.debugging.disable_check_numerics()


def make_step(*, operation: str, mode: str) -> Step:
    """``mode`` is ``function`` for a ``tf.function``, ``xla`` for one with ``jit_compile``."""
    first, second = (tf.Variable(tf.fill((WIDTH, WIDTH), WEIGHT)) for _ in range(2))
    inputs = tf.ones((BATCH, WIDTH))

    def evaluate(offset: Any) -> Any:
        values = tf.matmul(tf.tanh(tf.matmul(inputs, first)), second) + offset
        if operation == "log":
            return tf.reduce_mean(tf.math.log(values))  # NaN by log
        return tf.reduce_mean(tf.sqrt(values))  # NaN by sqrt

    @tf.function(jit_compile=mode == "xla")
    def train(offset: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = evaluate(offset)
        gradients = tape.gradient(loss, (first, second))
        return loss, [WEIGHT * gradient for gradient in gradients]

    return lambda offset: float(train(tf.constant(offset))[0])
