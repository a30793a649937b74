"""The suite's model as every converter of PyTorch takes it: a plain module, its inputs, and what is captured of both.

It writes no artefact.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from speedscore.bench_suite.workloads.workload import Array

CALIBRATION_EXAMPLES = 64
"""How many of the workload's own examples, at most, show a quantiser the range of activations."""


def module_of(memory: dict[str, Any]) -> Any:
    """A copy of the model that was built, in evaluation mode; the function ``to_artefact`` is left in ``memory``."""
    memory["to_artefact"] = to_torch
    # The model itself is timed after this, and is converted for other targets. Its memory layout, which suits the
    # suite's own timing, is nothing that a converter should see.
    module = copy.deepcopy(memory["program"].module)
    return module.to(memory_format=torch.contiguous_format).requires_grad_(False)


def to_torch(examples: Array) -> NDArray[Any]:
    """Images [batch, height, width, channel] as NCHW, integers as int64; anything else stays as it is."""
    if examples.ndim == 4:
        examples = examples.transpose(0, 3, 1, 2)
    if examples.dtype.kind == "i":
        return np.ascontiguousarray(examples, dtype=np.int64)
    return np.ascontiguousarray(examples, dtype=np.float32)


def workload_examples(memory: dict[str, Any], *, count: int) -> torch.Tensor:
    """The first ``count`` of the workload's own inputs."""
    return torch.from_numpy(to_torch(memory["workload"].inputs()[:count]))


def example_inputs(memory: dict[str, Any]) -> tuple[torch.Tensor]:
    """Two examples: ``torch.export`` takes a batch of one for a constant."""
    return (workload_examples(memory, count=2),)


def capture(memory: dict[str, Any], *, module: Any = None, largest_batch: int | None = None) -> Any:
    """The ``ExportedProgram`` of the model, weights inside; it takes any batch up to ``largest_batch``.

    ``module`` is what is captured in the model's place, where that has been rewritten.
    """
    module = module_of(memory) if module is None else module
    batch = torch.export.Dim("batch", min=1, max=largest_batch)
    return torch.export.export(module, example_inputs(memory), dynamic_shapes=({0: batch},), strict=False)
