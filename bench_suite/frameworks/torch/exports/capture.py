"""The suite's model as every converter of PyTorch takes it: a plain module, inputs of two examples, a batch of any size.

It writes no artefact.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from speedscore.bench_suite.workloads.workload import Array


def module_of(memory: dict[str, Any]) -> Any:
    """The model that was built, in evaluation mode; ``to_artefact`` is left in ``memory``."""
    module = memory["program"].module
    # PyTorch's layout for the suite's own timing is nothing that a converter should see.
    module = module.to(memory_format=torch.contiguous_format).requires_grad_(False)
    memory["to_artefact"] = to_torch
    return module


def to_torch(examples: Array) -> Array:
    """Images [batch, height, width, channel] as NCHW, indices as int64; what else there is stays as it is."""
    if examples.ndim == 4:
        examples = examples.transpose(0, 3, 1, 2)
    return np.ascontiguousarray(examples, dtype=np.int64 if examples.dtype.kind == "i" else np.float32)


def examples_for(memory: dict[str, Any], *, count: int = 2) -> torch.Tensor:
    """The first ``count`` of the workload's own inputs; ``torch.export`` takes a batch of one for a constant."""
    return torch.from_numpy(to_torch(memory["workload"].inputs()[:count]))


def capture(memory: dict[str, Any]) -> Any:
    """The model as an ``ExportedProgram`` that takes any batch size, weights inside."""
    dynamic = ({0: torch.export.Dim("batch")},)
    return torch.export.export(module_of(memory), (examples_for(memory),), dynamic_shapes=dynamic, strict=False)
