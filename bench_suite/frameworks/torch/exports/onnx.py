"""A model as ONNX, by ``torch.onnx.export`` of the program that ``torch.export`` captures. It runs nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from speedscore.bench_suite.frameworks.torch.exports.capture import example_inputs, module_of


def convert(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Answers ``Route.convert``."""
    torch.onnx.export(
        module_of(memory),
        example_inputs(memory),
        Path(folder) / "model.onnx",
        dynamo=True,
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        external_data=False,
        verbose=False,
    )
    return {"artefact": "model.onnx", "tool": "torch.onnx.export, dynamo=True"}
