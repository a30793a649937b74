"""Runs OpenVINO's intermediate representation, or an ONNX model that it reads, on its CPU plugin and one thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openvino


def load(memory: dict[str, Any], *, folder: str, artefact: str) -> None:
    """Answers ``Target.load``; the model takes one array."""
    # Its CPU plugin would compute in bfloat16 where the processor can.
    options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    compiled = openvino.Core().compile_model(str(Path(folder) / artefact), "CPU", options)
    memory["call"] = lambda batch: compiled([batch])[0]
