"""A model as OpenVINO's intermediate representation, from the program that ``torch.export`` captures. It runs nothing.

Directly rather than by way of ONNX: what is asked is whether OpenVINO reads PyTorch, which it says that it does, and
the ONNX of the same model is asked about by itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openvino

from speedscore.bench_suite.frameworks.torch.exports.capture import capture


def convert(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Answers ``Route.convert``."""
    model = openvino.convert_model(capture(memory))
    # Half of float32 would go: that is its default.
    openvino.save_model(model, Path(folder) / "openvino" / "model.xml", compress_to_fp16=False)
    return {"artefact": "openvino", "tool": "openvino.convert_model"}
