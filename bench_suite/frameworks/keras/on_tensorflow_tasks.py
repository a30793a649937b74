"""An optimizer of Keras alone on TensorFlow: ``optimizer.apply`` in a ``tf.function``."""

from __future__ import annotations

import importlib
from typing import Any

import keras
import tensorflow as tf

from speedscore.bench_suite.frameworks.keras.optimizers import make_variables, name_moments
from speedscore.bench_suite.frameworks.tensorflow.devices import HOST, prepare_device
from speedscore.bench_suite.frameworks.tensorflow.tasks import Named, TensorflowTask, TensorflowTaskProgram
from speedscore.bench_suite.workloads.optimizers import Optimizing, split_arguments
from speedscore.record.phases import DeviceName


def build(task: Optimizing, *, implementation: str, device: DeviceName, threads: int) -> TensorflowTaskProgram:
    """As ``speedscore.bench_suite.frameworks.program.TaskBuilder``."""
    placed = prepare_device(device, threads=threads)
    with tf.device(placed):
        optimizer, text = importlib.import_module(implementation).make(task)
        variables = make_variables(split_arguments(task.arguments())[0])
        optimizer.build(list(variables.values()))
    slots = [variable.value for variable in optimizer.variables]
    fresh = {slot.ref(): slot.numpy() for slot in slots if not slot.shape.rank}

    def load(arguments: Any) -> None:
        for name, values in split_arguments(arguments)[0].items():
            variables[name].assign(values)
        for slot in slots:
            slot.assign(fresh.get(slot.ref(), tf.zeros_like(slot)))

    def function(arguments: Any) -> Named:
        gradients = split_arguments(arguments)[1]
        optimizer.apply([gradients[name] for name in variables], list(variables.values()))
        return {}

    def read(arguments: Any, _: Named) -> Named:
        before = split_arguments(arguments)[0]
        updates = {f"update.{name}": variable.value - before[name] for name, variable in variables.items()}
        return updates | name_moments(task, optimizer, variables, [tf.convert_to_tensor(slot) for slot in slots])

    description = {"optimizer": text, "keras": keras.__version__}
    # With XLA where Keras itself would: not where there is nothing but the host.
    made = TensorflowTask(function, description, load=load, xla=placed != HOST, read=read)
    return TensorflowTaskProgram(task, made, device=placed)
