"""A model as StableHLO in MLIR's bytecode, by the converter in TensorFlow's wheel: weights inside. It runs nothing.

The converter has no public name and no page of its own. It also takes unknown sizes, but XLA compiles none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tensorflow.compiler.mlir.tensorflow_to_stablehlo.python import pywrap_tensorflow_to_stablehlo

from speedscore.bench_suite.frameworks.tensorflow.exports import saved_model
from speedscore.bench_suite.frameworks.tensorflow.exports.run_saved_model import SIGNATURE


def convert(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Answers ``Route.convert``."""
    saved = saved_model.convert(memory, folder=folder)
    bytecode = pywrap_tensorflow_to_stablehlo.savedmodel_to_stablehlo(
        str(Path(folder) / saved["artefact"]),
        exported_model_signatures=[SIGNATURE],
        tag_names=["serve"],
        input_arg_shapes_str=",".join(map(str, memory["workload"].single_input().shape)),
    )
    (Path(folder) / "model.mlirbc").write_bytes(bytecode)
    return {"artefact": "model.mlirbc", "tool": "savedmodel_to_stablehlo"}
