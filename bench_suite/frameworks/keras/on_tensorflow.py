"""How Keras' users train in TensorFlow: ``tf.GradientTape`` and ``optimizer.apply`` in a ``tf.function``.

It answers the same ``Computing`` as the plain operations of TensorFlow's own folder, so that one ``TensorflowProgram``
measures both. It never waits, never looks at a device, and never reads a clock.
"""

from __future__ import annotations

import importlib
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from speedscore.bench_suite.frameworks.keras.layout import KerasModel, to_canonical, to_own
from speedscore.bench_suite.frameworks.keras.loss import make_loss
from speedscore.bench_suite.frameworks.keras.optimizer import make_optimizer
from speedscore.bench_suite.frameworks.tensorflow.devices import prepare_device
from speedscore.bench_suite.frameworks.tensorflow.layout import Tensors
from speedscore.bench_suite.frameworks.tensorflow.optimizer import Variables
from speedscore.bench_suite.frameworks.tensorflow.program import TensorflowProgram
from speedscore.bench_suite.workloads.workload import Weights, Workload
from speedscore.record.phases import DeviceName, Role


def build(
    workload: Workload, *, implementation: str, role: Role, device: DeviceName, threads: int, way: str
) -> TensorflowProgram:
    """As ``speedscore.bench_suite.frameworks.program.Builder``."""
    del way
    placed = prepare_device(device, threads=threads)
    make_computation = partial(KerasComputation, implementation)
    return TensorflowProgram(workload, make_computation, role=role, device=placed)


class KerasComputation:
    """A Keras model and its optimizer; Keras keeps what they hold in ``tf.Variable``s."""

    made_of = "Keras' layers and optimizer"

    def __init__(self, implementation: str, workload: Workload) -> None:
        """Makes the model's variables on the device of the context."""
        model: KerasModel = importlib.import_module(implementation).make(workload)
        self._module = model.module
        self._loss = make_loss(workload)
        self._keras_optimizer, self.optimizer = make_optimizer(workload.optimizer)
        self.description = {"keras": keras.__version__, **model.description}
        self.parameters: Variables = {name: variable.value for name, variable in model.parameters.items()}
        self.state: Variables = {name: variable.value for name, variable in model.state.items()}
        self.slots: Variables = {}
        # What Keras itself resolves jit_compile="auto" to: XLA, but not where there is nothing but the host.
        self.xla = bool(self._module.jit_compile)

    def start_optimizer(self) -> None:
        self._keras_optimizer.build(self._module.trainable_variables)
        self.slots = {variable.path: variable.value for variable in self._keras_optimizer.variables}
        self._initial = {name: slot.numpy() for name, slot in self.slots.items() if not slot.shape.rank}

    def variables(self) -> Variables:
        return self.parameters | self.state | self.slots

    def load(self, parameters: Weights, state: Weights) -> None:
        """Put canonical values into the variables; the optimizer's moments go back to zero, its count to the first."""
        for variables, values in ((self.parameters, parameters), (self.state, state)):
            for name, value in to_own(values).items():
                variables[name].assign(value)
        for name, slot in self.slots.items():
            slot.assign(self._initial.get(name, tf.zeros_like(slot)))

    def to_canonical(self, tensors: Tensors) -> Weights:
        return to_canonical({name: np.array(tensor) for name, tensor in tensors.items()})

    def train(self, inputs: Any, targets: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = self._loss(self._module(inputs, training=True), targets)
        variables = self._module.trainable_variables
        # Dense: where a row of an embedding was looked up twice, its gradient is tf.IndexedSlices in two parts, and
        # Keras' Adam takes the sum of their squares for the square of their sum (3.15; the certificate sees it).
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, variables)]
        self._keras_optimizer.apply(gradients, variables)
        return loss

    def differentiate(self, inputs: Any, targets: Any) -> tuple[Any, Any, Tensors, Tensors]:
        # As above, but that the model writes its running statistics elsewhere.
        values = [tf.convert_to_tensor(variable) for variable in self.parameters.values()]
        others = [tf.convert_to_tensor(variable) for variable in self.state.values()]
        with tf.GradientTape() as tape:
            tape.watch(values)
            logits, others = self._module.stateless_call(values, others, inputs, training=True)
            loss = self._loss(logits, targets)
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, values)]
        named = dict(zip(self.parameters, gradients, strict=True)), dict(zip(self.state, others, strict=True))
        return loss, logits, *named

    def predict(self, inputs: Any) -> Any:
        return self._module(inputs, training=False)
