"""A program's forward pass as TensorFlow's exporters take it: a module with one function. It runs nothing."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def make_module(memory: dict[str, Any], *, batch: int | None = None) -> Any:
    """A ``tf.Module`` whose ``predict`` takes ``inputs`` [batch, …], and that holds the variables it reads.

    Without XLA: converters read TensorFlow's own operations.
    """
    predict, variables = memory["program"].predictor()
    module = tf.Module()
    module.kept = list(variables.values())
    module.predict = tf.function(predict, input_signature=[input_spec(memory, batch=batch)], autograph=False)
    return module


def input_spec(memory: dict[str, Any], *, batch: int | None = None) -> Any:
    """Shape and type of ``inputs``: the workload's own, of that batch, or of any."""
    example = memory["workload"].single_input()
    return tf.TensorSpec((batch, *example.shape[1:]), tf.as_dtype(example.dtype), name="inputs")
