"""A model as a LiteRT flatbuffer, in float32, by TensorFlow's own converter. It runs nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tensorflow as tf

from speedscore.bench_suite.frameworks.tensorflow.exports.signature import make_module


def convert(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Answers ``Route.convert``."""
    return write_flatbuffer(memory, folder=folder, tool="tf.lite.TFLiteConverter")


def convert_fixed(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Answers ``Route.convert``, for one example at a time: LiteRT.js 2.5 cannot give an input another shape."""
    return write_flatbuffer(memory, folder=folder, tool="tf.lite.TFLiteConverter", batch=1)


def write_flatbuffer(
    memory: dict[str, Any], *, folder: str, tool: str, batch: int | None = None, **settings: Any
) -> dict[str, Any]:
    """Convert with these attributes of ``tf.lite.TFLiteConverter`` set; answers ``Route.convert``."""
    module = make_module(memory, batch=batch)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([module.predict.get_concrete_function()], module)
    for name, value in settings.items():
        setattr(converter, name, value)
    (Path(folder) / "model.tflite").write_bytes(converter.convert())
    return {"artefact": "model.tflite", "tool": tool}
