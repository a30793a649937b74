"""The gradient of each example's loss in JAX: ``vmap`` over the examples of ``grad`` over the parameters."""

from __future__ import annotations

from typing import Any

import jax

from speedscore.bench_suite.frameworks.jax.tanh_net import half_squared_error
from speedscore.bench_suite.frameworks.jax.tasks import JaxTask
from speedscore.bench_suite.workloads.tanh_net import split_inputs
from speedscore.bench_suite.workloads.task import TaskWorkload


def make(task: TaskWorkload, *, platform: str) -> JaxTask:
    """The task as a function of its arguments; it is the same on every platform."""
    del task, platform
    gradients = jax.vmap(jax.grad(half_squared_error), in_axes=(None, 0, 0))

    def function(arguments: Any) -> Any:
        return gradients(*split_inputs(arguments), arguments["targets"])

    return JaxTask.pure(function, {"form": "vmap(grad)"})
