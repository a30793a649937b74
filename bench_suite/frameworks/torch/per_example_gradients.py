"""The gradient of each example's loss in PyTorch: ``torch.func.vmap`` over the examples of ``grad``.

That is how its documentation teaches it. Of a ``Module`` it would be the same with ``functional_call`` around it.
Libraries for private training have hooks as well, which form the outer products by a rule for each kind of layer; those
compose with nothing else.
"""

from __future__ import annotations

from typing import Any

import torch

from speedscore.bench_suite.frameworks.torch.tanh_net import half_squared_error
from speedscore.bench_suite.frameworks.torch.tasks import Named, Prepare, TorchTask
from speedscore.bench_suite.workloads.tanh_net import split_inputs
from speedscore.bench_suite.workloads.task import TaskWorkload


def make(task: TaskWorkload, *, prepare: Prepare, device: torch.device) -> TorchTask:
    """The task as a function of its arguments; it is the same on every device."""
    del task, device
    gradients = torch.func.vmap(torch.func.grad(half_squared_error), in_dims=(None, 0, 0))

    def function(arguments: Named) -> Any:
        return gradients(*split_inputs(arguments), arguments["targets"])

    return TorchTask.pure(prepare(function), {"form": "torch.func.vmap(grad)"})
