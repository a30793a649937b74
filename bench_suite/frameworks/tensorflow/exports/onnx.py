"""A model as ONNX, by ``tf2onnx``: weights inside, any batch size. It runs nothing.

TensorFlow computes the exact GELU by ``Erfc``, which tf2onnx 1.17 leaves as it is and ONNX
does not have (https://github.com/onnx/tensorflow-onnx/pull/2463): mlp and bert come out as models that nothing opens.
"""

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
    return {"artefact": "model.onnx", "tool": "tf2onnx"}
