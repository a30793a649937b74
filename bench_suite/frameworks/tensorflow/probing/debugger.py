"""A print and a breakpoint inside ``tf.function``: Python's, ``tf.print``, and a breakpoint in ``tf.py_function``."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from speedscore.bench_suite.frameworks.debugging import Debugged


def debugged(subject: str, target: str) -> Debugged:
    def with_print(x: Any) -> Any:
        y = 2 * x
        print("y is", y)
        return y + 1

    def with_own_print(x: Any) -> Any:
        y = 2 * x
        tf.print("y is", y)
        return y + 1

    def with_breakpoint(x: Any) -> Any:
        y = 2 * x
        breakpoint()
        return y + 1

    def with_own_breakpoint(x: Any) -> Any:
        def stop(y: Any) -> Any:
            breakpoint()
            return y

        y = 2 * x
        return tf.py_function(stop, [y], tf.float32) + 1

    tool, function = {
        ("print", "python"): ("print", with_print),
        ("print", "own"): ("tf.print", with_own_print),
        ("breakpoint", "python"): ("breakpoint", with_breakpoint),
        ("breakpoint", "own"): ("breakpoint in tf.py_function", with_own_breakpoint),
    }[subject, target]
    compiled = tf.function(function)

    def call(x: float) -> float:
        return float(compiled(tf.constant(x)))

    return Debugged(tool, call, lambda: None, lambda: _count(compiled) - _count(tf.function(lambda x: 2 * x + 1)))


def _count(function: Any) -> int:
    """Operations of the graph."""
    return len(function.get_concrete_function(tf.TensorSpec((), tf.float32)).graph.get_operations())
