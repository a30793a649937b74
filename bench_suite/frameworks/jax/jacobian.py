"""The Jacobian of a perceptron in JAX: ``vmap`` over the examples of ``jacrev`` over the inputs.

Reverse mode, for a network with fewer outputs than inputs.
"""

from __future__ import annotations

from typing import Any

import jax

from speedscore.bench_suite.frameworks.jax.tanh_net import apply
from speedscore.bench_suite.frameworks.jax.tasks import JaxTask
from speedscore.bench_suite.workloads.tanh_net import split_inputs
from speedscore.bench_suite.workloads.task import TaskWorkload


def make(task: TaskWorkload, *, platform: str) -> JaxTask:
    """The task as a function of its arguments; it is the same on every platform."""
    del task, platform
    jacobians = jax.vmap(jax.jacrev(apply, argnums=1), in_axes=(None, 0))

    def function(arguments: Any) -> dict[str, Any]:
        return {"jacobian": jacobians(*split_inputs(arguments))}

    return JaxTask.pure(function, {"form": "vmap(jacrev)"})
