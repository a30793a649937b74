"""The Hessian of a loss times a vector in PyTorch: forward over reverse, ``torch.func.jvp`` of ``grad``."""

from __future__ import annotations

from typing import Any

import torch

from speedscore.bench_suite.frameworks.torch.tanh_net import half_squared_error, split_inputs
from speedscore.bench_suite.frameworks.torch.tasks import Named, Prepare, TorchTask
from speedscore.bench_suite.workloads.task import TaskWorkload


def make(task: TaskWorkload, *, prepare: Prepare, device: torch.device) -> TorchTask:
    """The task as a function of its arguments; it is the same on every device."""
    del task, device

    def function(arguments: Named) -> Any:
        parameters, inputs = split_inputs(arguments)
        vector = {name: arguments[f"vector.{name}"] for name in parameters}

        def loss(parameters: Named) -> torch.Tensor:
            return half_squared_error(parameters, inputs, arguments["targets"]).mean()

        return torch.func.jvp(torch.func.grad(loss), (parameters,), (vector,))[1]

    return TorchTask.pure(prepare(function), {"form": "torch.func.jvp(grad)"})
