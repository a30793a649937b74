"""The Hessian of a loss times a vector in PyTorch: reverse over reverse, of autograd where eager, else ``torch.func``.

Eager on a CPU (torch 2.13, one thread, smoke): two backward passes of autograd 2.6 ms, ``torch.func.vjp`` of ``grad``
3.0 ms, ``jvp`` of ``grad`` 8.4 ms; at small 466, 480 and 517 ms. Compiled, all ways take the same time, but autograd's
cannot be compiled whole.
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
    prepared = prepare(_functional)
    if prepared is _functional:
        return TorchTask.pure(_double_backward, {"form": "torch.autograd.grad twice"})
    return TorchTask.pure(prepared, {"form": "torch.func.vjp(grad)"})


def _double_backward(arguments: Named) -> Named:
    values, inputs = split_inputs(arguments)
    parameters = {name: value.detach().requires_grad_() for name, value in values.items()}
    leaves = list(parameters.values())
    loss = half_squared_error(parameters, inputs, arguments["targets"]).mean()
    gradients = torch.autograd.grad(loss, leaves, create_graph=True)
    products = torch.autograd.grad(gradients, leaves, [arguments[f"vector.{name}"] for name in parameters])
    return dict(zip(parameters, products, strict=True))


def _functional(arguments: Named) -> Any:
    parameters, inputs = split_inputs(arguments)

    def loss(parameters: Named) -> torch.Tensor:
        return half_squared_error(parameters, inputs, arguments["targets"]).mean()

    # The Hessian is symmetric: the vector times it is it times the vector.
    times_hessian: Any = torch.func.vjp(torch.func.grad(loss), parameters)[1]
    return times_hessian({name: arguments[f"vector.{name}"] for name in parameters})[0]
