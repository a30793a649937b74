"""An optimizer alone in PyTorch: each operation on all parameters by one call, PyTorch's own choice on CUDA."""

from __future__ import annotations

import torch

from speedscore.bench_suite.frameworks.torch.optimizers import make_in_way
from speedscore.bench_suite.frameworks.torch.tasks import Prepare, TorchTask
from speedscore.bench_suite.workloads.optimizers import Optimizing


def make(task: Optimizing, *, prepare: Prepare, device: torch.device) -> TorchTask:
    """The task in this way; nothing is compiled."""
    del prepare
    return make_in_way(task, way="foreach", device=device)
