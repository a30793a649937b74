"""What of PyTorch is kept in files beside checkpoints: a forward pass by ``torch.export``, as ``.pt2``."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import torch

from speedscore.bench_suite.frameworks.artefacts import Artefact
from speedscore.bench_suite.frameworks.torch.layout import write


def _make(workload: Any, implementation: str, inputs: Any, path: Path) -> Any:
    model = importlib.import_module(implementation).make(workload)
    module = model.module.eval()
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    write(model.places, tensors, {**workload.parameters(), **workload.state()})
    batch = _place(inputs)
    torch.export.save(torch.export.export(module, (batch,)), path.with_suffix(_SUFFIX))
    with torch.no_grad():
        return module(batch).numpy()


def _run(inputs: Any, path: Path) -> Any:
    module = torch.export.load(path.with_suffix(_SUFFIX)).module()
    with torch.no_grad():
        return module(_place(inputs)).numpy()


def _place(inputs: Any) -> torch.Tensor:
    tensor = torch.from_numpy(inputs)
    return tensor.long() if tensor.dtype == torch.int32 else tensor


_SUFFIX = ".pt2"  # torch.export asks for it
ARTEFACTS = {"export": Artefact(_make, _run)}
