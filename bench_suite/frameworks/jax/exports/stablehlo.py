"""A model as serialised StableHLO, by ``jax.export``: weights inside, any batch size. It runs nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
from jax import export


def convert(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Answers ``Route.convert``."""
    example = memory["workload"].single_input()
    (batch,) = export.symbolic_shape("batch")
    make_shape: Any = jax.ShapeDtypeStruct  # without annotations
    exported = export.export(jax.jit(memory["program"].predictor()))(
        make_shape((batch, *example.shape[1:]), example.dtype)
    )
    (Path(folder) / "model.stablehlo").write_bytes(exported.serialize())
    return {"artefact": "model.stablehlo", "tool": "jax.export"}
