"""An optimizer of Keras alone on JAX: ``stateless_apply`` under ``jax.jit``, all that it changes donated."""

from __future__ import annotations

import importlib
from typing import Any

import keras

from speedscore.bench_suite.frameworks.jax.tasks import JaxTask, JaxTaskProgram, Named
from speedscore.bench_suite.frameworks.keras.optimizers import make_variables, name_moments
from speedscore.bench_suite.workloads.optimizers import Optimizing, split_arguments
from speedscore.record.phases import DeviceName


def build(task: Optimizing, *, implementation: str, device: DeviceName, threads: int) -> JaxTaskProgram:
    """As ``speedscore.bench_suite.frameworks.program.TaskBuilder``; ``threads`` cannot be set from here."""
    del threads
    optimizer, text = importlib.import_module(implementation).make(task)
    variables = make_variables(split_arguments(task.arguments())[0])
    optimizer.build(list(variables.values()))
    fresh = [variable.value for variable in optimizer.variables]
    before: dict[str, Any] = {}

    def start(arguments: Any) -> tuple[Any, Any]:
        parameters, gradients = split_arguments(arguments)
        before.update(parameters)
        return ([parameters[name] for name in variables], fresh), [gradients[name] for name in variables]

    def function(carry: Any, gradients: Any) -> tuple[Any, tuple[()]]:
        values, of_optimizer = carry
        return optimizer.stateless_apply(of_optimizer, gradients, values), ()

    def read(carry: Any, _: Any) -> Named:
        values, of_optimizer = carry
        updates = {f"update.{name}": value - before[name] for name, value in zip(variables, values, strict=True)}
        return updates | name_moments(task, optimizer, variables, of_optimizer)

    description = {"optimizer": text, "keras": keras.__version__}
    return JaxTaskProgram(task, JaxTask(start, function, read, description), device=device)
