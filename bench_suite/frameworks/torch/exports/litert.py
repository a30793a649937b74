"""A model as a LiteRT flatbuffer, by ``litert-torch``; float32, and with weights in eight bits by LiteRT's quantiser.

Eight bits as the quantiser's own recipe for processors: weights a channel, activations as they come while it runs. The
batch is one: of a batch of any size litert-torch 0.10 says that its own steps cannot trace it. It runs nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import litert_torch
import numpy as np
from ai_edge_quantizer import recipe
from ai_edge_quantizer.quantizer import Quantizer

from speedscore.bench_suite.frameworks.torch.exports.capture import module_of, to_torch, workload_examples
from speedscore.bench_suite.workloads.workload import Array


def convert(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Answers ``Route.convert``."""
    module, example = module_of(memory), workload_examples(memory, count=1)
    litert_torch.convert(module, (example,)).export(str(Path(folder) / "model.tflite"))
    memory["to_artefact"] = _to_litert
    return {"artefact": "model.tflite", "tool": "litert-torch"}


def convert_int8(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """The same, quantised."""
    converted = convert(memory, folder=folder)
    quantiser = Quantizer(str(Path(folder) / converted["artefact"]), recipe.dynamic_wi8_afp32())
    quantiser.quantize().export_model(str(Path(folder) / "model-int8.tflite"), overwrite=True)
    return {"artefact": "model-int8.tflite", "tool": "litert-torch, ai-edge-quantizer"}


def _to_litert(examples: Array) -> Array:
    """As PyTorch takes them, but for integers: the artefact's are int32."""
    inputs = to_torch(examples)
    return inputs.astype(np.int32) if inputs.dtype == np.int64 else inputs
