"""Runs OpenVINO's intermediate representation, or an ONNX model that it reads, on its CPU plugin and one thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openvino


def load(memory: dict[str, Any], *, folder: str, artefact: str) -> None:
    """Answers ``Target.load``; the model takes one array. A folder holds ``model.xml`` and its weights."""
    path = Path(folder) / artefact
    # Its CPU plugin would compute in bfloat16 where the processor can.
    options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    compiled = openvino.Core().compile_model(str(path / "model.xml" if path.is_dir() else path), "CPU", options)
    memory["call"] = lambda batch: compiled([batch])[0]
