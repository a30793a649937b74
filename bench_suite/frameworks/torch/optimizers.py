"""An optimizer alone in PyTorch: clipping, ``optimizer.step`` and the scheduler, fused wherever the platform has it.

The gradients are set once. PyTorch's clipping scales them in place, so that from the second call on their norm is the
limit already; it does the same work and gives the same gradients, but for the 1e-6 that it adds to the norm.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Literal, cast

import torch

from speedscore.bench_suite.frameworks.torch.tasks import Named, Prepare, TorchTask
from speedscore.bench_suite.workloads.optimizers import Optimizing, Recipe, split_arguments
from speedscore.bench_suite.workloads.workload import AdamW

Way = Literal["for loop", "foreach", "fused"]
"""PyTorch's three: a kernel a tensor and operation, a kernel an operation over all tensors, one kernel for all."""

_SLOTS = {"velocity": "momentum_buffer", "first": "exp_avg", "second": "exp_avg_sq"}
"""Moment → its name in the state of PyTorch's optimizers."""


def make(task: Optimizing, *, prepare: Prepare, device: torch.device) -> TorchTask:
    """The task with the fused optimizer; on a TPU, which has none, with the plain loop that XLA fuses."""
    del prepare
    return make_in_way(task, way="for loop" if device.type == "xla" else "fused", device=device)


def make_in_way(task: Optimizing, *, way: Way, device: torch.device) -> TorchTask:
    """The task in one of PyTorch's ways, clipping included, which has no fused one."""
    recipe = task.recipe
    foreach = way != "for loop"

    def start(arguments: Any) -> _State:
        values, gradients = cast(tuple[Named, Named], split_arguments(arguments))
        parameters = {name: torch.nn.Parameter(value.clone()) for name, value in values.items()}
        for name, parameter in parameters.items():
            parameter.grad = gradients[name].clone()
        optimizer = make_optimizer(recipe, list(parameters.values()), way=way, capturable=device.type == "xla")
        return _State(values, parameters, list(parameters.values()), optimizer, _make_scheduler(recipe, optimizer))

    def call(state: _State) -> bool:
        if recipe.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(state.leaves, recipe.clip_norm, foreach=foreach)
        state.optimizer.step()
        if state.scheduler is not None:
            state.scheduler.step()
        return True

    def read(state: _State, _: Any) -> Named:
        updates = {f"update.{name}": value - state.before[name] for name, value in state.parameters.items()}
        moments = {
            f"{moment}.{name}": state.optimizer.state[parameter][_SLOTS[moment]]
            for name, parameter in state.parameters.items()
            for moment in task.moments
        }
        return updates | moments

    return TorchTask(start, call, read, {"optimizer": f"{_CLASSES[_kind(recipe)]}, {way}"})


@dataclasses.dataclass(frozen=True)
class _State:
    """What a call takes."""

    before: Named
    parameters: Named
    leaves: list[torch.Tensor]
    """The parameters, as clipping takes them."""
    optimizer: torch.optim.Optimizer
    scheduler: Any


_CLASSES = {"sgd": "torch.optim.SGD", "adam": "torch.optim.Adam", "adamw": "torch.optim.AdamW"}


def _kind(recipe: Recipe) -> str:
    if recipe.is_plain_adam:
        return "adam"
    return "adamw" if isinstance(recipe.optimizer, AdamW) else "sgd"


def make_optimizer(
    recipe: Recipe, parameters: list[torch.Tensor], *, way: Way, capturable: bool
) -> torch.optim.Optimizer:
    """The optimizer with every option written out."""
    options = recipe.optimizer
    ways: dict[str, Any] = {"foreach": way == "foreach", "fused": way == "fused"}
    if not isinstance(options, AdamW):
        return torch.optim.SGD(
            parameters,
            lr=options.learning_rate,
            momentum=options.momentum,
            dampening=0.0,
            weight_decay=options.weight_decay,
            nesterov=False,
            **ways,
        )
    make_adam = torch.optim.Adam if recipe.is_plain_adam else torch.optim.AdamW
    return make_adam(
        parameters,
        lr=options.learning_rate,
        betas=(options.beta1, options.beta2),
        eps=options.epsilon,
        weight_decay=options.weight_decay,
        amsgrad=False,
        capturable=capturable,
        **ways,
    )


def _make_scheduler(recipe: Recipe, optimizer: torch.optim.Optimizer) -> Any:
    """None where the learning rate is constant."""
    if recipe.schedule is None:
        return None
    return torch.optim.lr_scheduler.LambdaLR(optimizer, recipe.schedule.factor)
