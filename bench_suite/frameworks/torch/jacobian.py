"""The Jacobian of a perceptron in PyTorch: ``torch.func.vmap`` over the examples of ``jacrev`` over the inputs.

Reverse mode, for a network with fewer outputs than inputs.
"""

from __future__ import annotations

from typing import Any

import torch

from speedscore.bench_suite.frameworks.torch.tanh_net import apply
from speedscore.bench_suite.frameworks.torch.tasks import Named, Prepare, TorchTask
from speedscore.bench_suite.workloads.tanh_net import split_inputs
from speedscore.bench_suite.workloads.task import TaskWorkload


def make(task: TaskWorkload, *, prepare: Prepare, device: torch.device) -> TorchTask:
    """The task as a function of its arguments; it is the same on every device."""
    del task, device
    jacobians = torch.func.vmap(torch.func.jacrev(apply, argnums=1), in_dims=(None, 0))

    def function(arguments: Named) -> dict[str, Any]:
        return {"jacobian": jacobians(*split_inputs(arguments))}

    return TorchTask.pure(prepare(function), {"form": "torch.func.vmap(jacrev)"})
