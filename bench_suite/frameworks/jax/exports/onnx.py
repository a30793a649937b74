"""A model as ONNX, by ``jax2onnx``: weights inside, any batch size. It runs nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax2onnx


def convert(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Answers ``Route.convert``."""
    example = memory["workload"].single_input()
    make_shape: Any = jax.ShapeDtypeStruct  # without annotations
    jax2onnx.to_onnx(
        memory["program"].predictor(),
        [make_shape(("batch", *example.shape[1:]), example.dtype)],
        return_mode="file",
        output_path=str(Path(folder) / "model.onnx"),
    )
    return {"artefact": "model.onnx", "tool": "jax2onnx"}
