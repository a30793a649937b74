"""A model as OpenVINO's intermediate representation, by its own reader of SavedModels. It runs nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openvino

from speedscore.bench_suite.frameworks.tensorflow.exports import saved_model


def convert(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Answers ``Route.convert``."""
    saved = saved_model.convert(memory, folder=folder)
    model = openvino.convert_model(str(Path(folder) / saved["artefact"]))
    # Its default halves the weights.
    openvino.save_model(model, str(Path(folder) / "model.xml"), compress_to_fp16=False)
    return {"artefact": "model.xml", "tool": "openvino.convert_model"}
