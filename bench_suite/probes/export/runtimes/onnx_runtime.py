"""Runs ONNX models in ONNX Runtime, on its CPU provider and one thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnxruntime


def load(memory: dict[str, Any], *, folder: str, artefact: str) -> None:
    """Answers ``Target.load``; the model takes one array."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(Path(folder) / artefact), sess_options=options, providers=["CPUExecutionProvider"]
    )
    (argument,) = session.get_inputs()
    memory["call"] = lambda batch: session.run(None, {argument.name: batch})[0]
