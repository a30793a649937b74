"""The linear classifier in PyTorch, as ``speedscore.bench_suite.frameworks.torch.program:build`` wants it."""

from __future__ import annotations

from torch import nn

from speedscore.bench_suite.frameworks.torch.layout import TorchModel, dense
from speedscore_sample.linear.workload import Linear


def make(workload: Linear) -> TorchModel:
    """The module with its weights as PyTorch draws them; inputs [batch, features], logits [batch, classes]."""
    module = nn.Sequential(nn.Linear(workload.features, workload.classes, bias=True))
    return TorchModel(module, dense("dense", "0"))
