"""A step of PyTorch that can give a NaN, eager or compiled, and anomaly detection, which looks at gradients."""

# Where PyTorch is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import torch

from speedscore.bench_suite.frameworks.nan_steps import BATCH, WEIGHT, WIDTH, Step


def switch() -> AbstractContextManager[Any]:
    anomalies: AbstractContextManager[Any] = torch.autograd.set_detect_anomaly(True)
    return anomalies


class Model(torch.nn.Module):
    """Inputs [batch, width] and an offset to the loss."""

    def __init__(self, operation: str) -> None:
        super().__init__()
        self.operation = operation
        self.first = torch.nn.Linear(WIDTH, WIDTH)
        self.second = torch.nn.Linear(WIDTH, WIDTH)
        for layer in (self.first, self.second):
            torch.nn.init.constant_(layer.weight, WEIGHT)

    def forward(self, inputs: torch.Tensor, offset: torch.Tensor) -> torch.Tensor:
        values = self.second(torch.tanh(self.first(inputs))) + offset
        if self.operation == "log":
            return torch.log(values).mean()  # NaN by log
        return torch.sqrt(values).mean()  # NaN by sqrt


def make_step(*, operation: str, mode: str) -> Step:
    """``mode`` is ``eager`` or ``compile``."""
    model = Model(operation)
    forward = torch.compile(model) if mode == "compile" else model
    inputs = torch.ones(BATCH, WIDTH)
    optimizer = torch.optim.SGD(model.parameters(), lr=WEIGHT)

    def step(offset: float) -> float:
        optimizer.zero_grad()
        loss = forward(inputs, torch.tensor(offset))
        loss.backward()
        # The weights stay: a step that gave a NaN would spoil those after it.
        if torch.isfinite(loss):
            optimizer.step()
        return float(loss)

    return step
