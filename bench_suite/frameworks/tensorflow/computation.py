"""What a ``tf.function`` of a program traces: the bodies of the training step and of the forward pass, over variables.

It holds the variables that these bodies read and write. It never calls ``tf.function``, waits, or looks at a device.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from speedscore.bench_suite.frameworks.tensorflow.layout import TensorflowModel, Tensors
from speedscore.bench_suite.frameworks.tensorflow.optimizer import Variables, make_optimizer
from speedscore.bench_suite.workloads.workload import Weights, Workload
from speedscore.host.fields import Scalar


class Computing(Protocol):
    """A model's variables, with those of its optimizer where it trains, and what is computed with them."""

    @property
    def parameters(self) -> Variables: ...
    @property
    def state(self) -> Variables: ...
    @property
    def slots(self) -> Variables:
        """The optimizer's own; empty before ``start_optimizer``."""
        ...

    @property
    def xla(self) -> bool:
        """Whether a ``tf.function`` of it asks for XLA."""
        ...

    @property
    def made_of(self) -> str:
        """What it is written in, for a program's description."""
        ...

    @property
    def optimizer(self) -> str:
        """The optimizer's text in a program's description."""
        ...

    @property
    def description(self) -> Mapping[str, Scalar]:
        """What else a program's description says of the model."""
        ...

    def start_optimizer(self) -> None:
        """Make the optimizer's variables on the device of the context. Training only, once, before ``train``."""
        ...

    def variables(self) -> Variables:
        """All of them."""
        ...

    def load(self, parameters: Weights, state: Weights) -> None:
        """Put canonical values into the variables; the optimizer's own begin anew."""
        ...

    def to_canonical(self, tensors: Tensors) -> Weights:
        """Copies on the host, under canonical names and layouts."""
        ...

    def train(self, inputs: Any, targets: Any) -> Any:
        """One optimizer step, in place; gives the loss before it."""
        ...

    def differentiate(self, inputs: Any, targets: Any) -> tuple[Any, Any, Tensors, Tensors]:
        """Loss, logits, gradients and new state in training mode; writes nothing."""
        ...

    def predict(self, inputs: Any) -> Any:
        """Logits in evaluation mode."""
        ...


class MakeComputation(Protocol):
    """Makes the model's variables on the device of the context."""

    def __call__(self, workload: Workload) -> Computing: ...


class Computation:
    """Answers ``Computing`` for a ``TensorflowModel``, over plain variables."""

    made_of = "plain operations, without Keras"
    optimizer = "plain operations inside the compiled step"

    def __init__(self, workload: Workload, model: TensorflowModel) -> None:
        """Makes the model's variables on the device of the context."""
        self._model = model
        self.xla = model.xla
        self.description = model.description
        self._some_ignored = bool((workload.targets() < 0).any())
        self.parameters = self._make_variables(workload.parameters(), trainable=True)
        self.state = self._make_variables(workload.state(), trainable=False)
        self.slots: Variables = {}
        self._options = workload.optimizer

    def _make_variables(self, values: Weights, *, trainable: bool) -> Variables:
        return {
            name: tf.Variable(value, trainable=trainable, name=name, dtype=tf.float32)
            for name, value in self._model.to_own(values).items()
        }

    def start_optimizer(self) -> None:
        self.slots, self._update = make_optimizer(self._options, self.parameters)

    def variables(self) -> Variables:
        return self.parameters | self.state | self.slots

    def load(self, parameters: Weights, state: Weights) -> None:
        """Put canonical values into the variables; the optimizer's own go back to zero."""
        for variables, values in ((self.parameters, parameters), (self.state, state)):
            for name, value in self._model.to_own(values).items():
                variables[name].assign(value)
        for slot in self.slots.values():
            slot.assign(tf.zeros_like(slot))

    def to_canonical(self, tensors: Tensors) -> Weights:
        """Copies on the host, under canonical names and layouts."""
        return self._model.to_canonical({name: np.array(tensor) for name, tensor in tensors.items()})

    def train(self, inputs: Any, targets: Any) -> Any:
        """One optimizer step, in place; gives the loss before it."""
        loss, _, gradients, state = self.differentiate(inputs, targets)
        self.update(gradients)
        for name, value in state.items():
            self.state[name].assign(value)
        return loss

    def update(self, gradients: Tensors) -> None:
        """The optimizer's part of a step, in place."""
        self._update(gradients)

    def differentiate(self, inputs: Any, targets: Any) -> tuple[Any, Any, Tensors, Tensors]:
        """Loss, logits, gradients and new state in training mode; writes nothing."""
        # Each variable is read once, however often the model names it.
        parameters = _read_inside(self.parameters)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(parameters)
            logits, state = self._model.apply(parameters, _read_inside(self.state), inputs, True)
            loss = self._mean_loss(logits, targets)
        gradients = tape.gradient(loss, parameters)
        dense = {name: tf.convert_to_tensor(gradient) for name, gradient in gradients.items()}
        return loss, logits, dense, state

    def predict(self, inputs: Any) -> Any:
        """Logits in evaluation mode."""
        return self._model.apply(_read_inside(self.parameters), _read_inside(self.state), inputs, False)[0]

    def _mean_loss(self, logits: Any, targets: Any) -> Any:
        """Mean softmax cross-entropy over the targets that are not negative, in float32."""
        logits = tf.cast(logits, tf.float32)
        if not self._some_ignored:
            return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits))
        # The loss of a negative label is not a number, and a vector of zeros for it would have a wrong gradient.
        labels = tf.maximum(targets, 0)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        counted = tf.cast(targets >= 0, tf.float32)
        return tf.reduce_sum(losses * counted) / tf.reduce_sum(counted)


def _read_inside(variables: Variables) -> dict[str, Any]:
    return {name: tf.convert_to_tensor(variable) for name, variable in variables.items()}
