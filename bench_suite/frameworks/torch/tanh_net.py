"""The perceptron with tanh of ``workloads/tanh_net.py`` as a PyTorch function, for the tasks that differentiate it."""

from __future__ import annotations

import torch

from speedscore.bench_suite.frameworks.torch.tasks import Named


def apply(parameters: Named, inputs: torch.Tensor) -> torch.Tensor:
    """Inputs [..., features] to outputs [..., outputs]."""
    layers = len(parameters) // 2
    for index in range(layers):
        inputs = inputs @ parameters[f"dense{index}.kernel"] + parameters[f"dense{index}.bias"]
        if index < layers - 1:
            inputs = torch.tanh(inputs)
    return inputs


def half_squared_error(parameters: Named, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """½ ‖output − target‖² of each example: inputs [..., features] to [...]."""
    return 0.5 * torch.sum((apply(parameters, inputs) - targets) ** 2, dim=-1)
