"""A model as a LiteRT flatbuffer with weights of eight bits, by TensorFlow's own converter. It runs nothing.

Its "dynamic range" form, which its guide to quantisation begins with: activations are rounded as the model runs. The
form with calibrated activations takes -inf, by which attention leaves out a key, for the end of their range: with it
gpt's logits came out 0.71 off, bert's 0.28, and LiteRT did not open resnet50.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from speedscore.bench_suite.frameworks.tensorflow.exports.litert import write_flatbuffer


def convert(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Answers ``Route.convert``."""
    return _write(memory, folder=folder, batch=None)


def convert_fixed(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Answers ``Route.convert``, for one example at a time."""
    return _write(memory, folder=folder, batch=1)


def _write(memory: dict[str, Any], *, folder: str, batch: int | None) -> dict[str, Any]:
    return write_flatbuffer(
        memory,
        folder=folder,
        tool="tf.lite.TFLiteConverter, dynamic range",
        batch=batch,
        optimizations=[tf.lite.Optimize.DEFAULT],
    )
