"""An optimizer of Keras alone on PyTorch: ``optimizer.apply`` without gradients, eager."""

from __future__ import annotations

import importlib
from typing import Any

import keras
import torch

from speedscore.bench_suite.frameworks.keras.on_torch import add_decay_foreach
from speedscore.bench_suite.frameworks.keras.optimizers import make_variables, name_moments
from speedscore.bench_suite.frameworks.torch.compiling import Compiler
from speedscore.bench_suite.frameworks.torch.platforms import find_platform
from speedscore.bench_suite.frameworks.torch.tasks import Named, TorchTask, TorchTaskProgram
from speedscore.bench_suite.workloads.optimizers import Optimizing, split_arguments
from speedscore.record.phases import DeviceName


def build(task: Optimizing, *, implementation: str, device: DeviceName, threads: int) -> TorchTaskProgram:
    """As ``speedscore.bench_suite.frameworks.program.TaskBuilder``."""
    platform = find_platform(device, graphs=False)
    torch.set_num_threads(threads)
    module = importlib.import_module(implementation)

    def start(arguments: Any) -> tuple[Any, ...]:
        parameters, gradients = split_arguments(arguments)
        variables = make_variables({name: values.clone() for name, values in parameters.items()})
        optimizer = module.make(task, add_decay=add_decay_foreach)[0]
        optimizer.build(list(variables.values()))
        return parameters, variables, optimizer, [gradients[name] for name in variables], list(variables.values())

    def call(state: tuple[Any, ...]) -> bool:
        _, _, optimizer, gradients, variables = state
        with torch.no_grad():
            optimizer.apply(gradients, variables)
        return True

    def read(state: tuple[Any, ...], _: Any) -> Named:
        before, variables, optimizer, *_ = state
        updates = {f"update.{name}": variable.value.detach() - before[name] for name, variable in variables.items()}
        moments = [variable.value.detach() for variable in optimizer.variables]
        return updates | name_moments(task, optimizer, variables, moments)

    description = {"optimizer": module.make(task)[1], "keras": keras.__version__}
    made = TorchTask(start, call, read, description)
    return TorchTaskProgram(task, made, platform=platform, compiler=Compiler("eager", platform.compile_options))
