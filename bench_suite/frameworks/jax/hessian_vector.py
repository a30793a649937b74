"""The Hessian of a loss times a vector in JAX: forward over reverse, ``jvp`` of ``grad``."""

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

    def function(arguments: Any) -> Any:
        parameters, inputs = split_inputs(arguments)
        vector = {name: arguments[f"vector.{name}"] for name in parameters}

        def loss(parameters: Any) -> Any:
            return half_squared_error(parameters, inputs, arguments["targets"]).mean()

        return jax.jvp(jax.grad(loss), (parameters,), (vector,))[1]

    return JaxTask.pure(function, {"form": "jvp(grad)"})
