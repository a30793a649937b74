"""A model as ONNX, by ``tf2onnx``: weights inside, any batch size. It runs nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tf2onnx

from speedscore.bench_suite.frameworks.tensorflow.exports.signature import input_spec, make_module

OPSET = 18
"""The newest that tf2onnx 1.17 is tested with."""


def convert(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Answers ``Route.convert``."""
    tf2onnx.convert.from_function(
        make_module(memory).predict,
        input_signature=[input_spec(memory)],
        opset=OPSET,
        output_path=str(Path(folder) / "model.onnx"),
    )
    return {"artefact": "model.onnx", "dynamic_batch": True, "tool": "tf2onnx"}
