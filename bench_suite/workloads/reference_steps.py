"""How a reference is made: a model's float64 forward and backward pass, and five optimizer steps by hand.

The optimizers are written out from the formulas of ``workload``, so that they are a second opinion on the frameworks'
own. This module never imports a framework; a model's passes come in as functions.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.workloads.reference import Reference, describe_fully, fingerprint
from speedscore.bench_suite.workloads.sketch import Sketch, make_sketch
from speedscore.bench_suite.workloads.workload import CERTIFIED_STEPS, IGNORED, AdamW, Array, Sgd, Workload

Doubles = dict[str, NDArray[np.float64]]


class Pass(msgspec.Struct, frozen=True):
    """One forward and backward pass in training mode."""

    outputs: NDArray[np.float64]
    """Logits; the last axis holds the classes."""
    loss: float
    gradients: Doubles
    """By parameter."""
    state: Doubles
    """After the pass; empty where the model has none."""


Train = Callable[[Doubles, Doubles, Array, NDArray[np.int32]], Pass]
"""Parameters, state, inputs and targets to a pass."""
Predict = Callable[[Doubles, Doubles, Array], NDArray[np.float64]]
"""Parameters, state and inputs to the logits in evaluation mode."""


class Method(msgspec.Struct, frozen=True):
    """How the reference of a model is computed."""

    train: Train
    predict: Predict
    made_by: str


def cross_entropy(
    logits: NDArray[np.floating], targets: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The loss of each row and its gradient: −log softmax(z)[t], and softmax(z) less one at t; zero where ignored.

    ``logits`` [rows, classes], ``targets`` [rows]; gives [rows] and [rows, classes].
    """
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    rows = np.arange(len(targets))
    exponentials = np.exp(shifted)
    sums = exponentials.sum(axis=-1, keepdims=True)
    losses = np.log(sums[:, 0]) - shifted[rows, targets]
    gradient = exponentials / sums
    gradient[rows, targets] -= 1.0
    counted = targets != IGNORED
    return losses * counted, gradient * counted[:, None]


def mean_loss(logits: NDArray[np.floating], targets: NDArray[np.int32]) -> float:
    """Mean softmax cross-entropy over the targets not ignored; ``logits`` has one axis more than ``targets``."""
    losses, _ = cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))
    return float(losses.sum() / (targets != IGNORED).sum())


def optimizer_step(
    optimizer: Sgd | AdamW, step: int, parameters: Doubles, gradients: Doubles, moments: dict[str, Doubles]
) -> None:
    """Update ``parameters`` and ``moments`` in place. ``step`` counts from 1; ``moments`` begins empty."""
    for name, weight in parameters.items():
        gradient = gradients[name]
        if isinstance(optimizer, Sgd):
            decayed = gradient + optimizer.weight_decay * weight
            before = moments.get(name)
            velocity = decayed if before is None else optimizer.momentum * before["velocity"] + decayed
            moments[name] = {"velocity": velocity}
            weight -= optimizer.learning_rate * velocity
        else:
            zero = np.zeros_like(weight)
            before = moments.get(name, {"first": zero, "second": zero})
            first = optimizer.beta1 * before["first"] + (1 - optimizer.beta1) * gradient
            second = optimizer.beta2 * before["second"] + (1 - optimizer.beta2) * gradient**2
            moments[name] = {"first": first, "second": second}
            corrected = np.sqrt(second / (1 - optimizer.beta2**step)) + optimizer.epsilon
            direction = first / (1 - optimizer.beta1**step) / corrected
            weight -= optimizer.learning_rate * (direction + optimizer.weight_decay * weight)


def make_reference(workload: Workload, method: Method) -> Reference:
    """The reference of a workload: forward passes of one input and of the batch, five passes and steps."""
    inputs, targets = workload.inputs(), workload.targets()
    parameters: Doubles = {name: values.astype(np.float64) for name, values in workload.parameters().items()}
    state: Doubles = {name: values.astype(np.float64) for name, values in workload.state().items()}
    single = method.predict(parameters, state, workload.single_input())
    batch = method.predict(parameters, state, inputs)
    moments: dict[str, Doubles] = {}
    first: tuple[Sketch, float, dict[str, Sketch]] | None = None
    for step in range(1, CERTIFIED_STEPS + 1):
        training_pass = method.train(parameters, state, inputs, targets)
        if first is None:
            gradients = {name: make_sketch(name, values) for name, values in training_pass.gradients.items()}
            first = make_sketch("outputs", training_pass.outputs), training_pass.loss, gradients
        optimizer_step(workload.optimizer, step, parameters, training_pass.gradients, moments)
        state = training_pass.state
        # The gradients are as large as the model: before the next pass makes its own, these must go.
        del training_pass
    assert first is not None, "the loop runs at least once"
    before = {**workload.parameters(), **workload.state()}
    return Reference(
        made_by=method.made_by,
        made_for=describe_fully(workload),
        numbers=fingerprint(workload),
        outputs=first[0],
        loss=first[1],
        single_outputs=make_sketch("single_outputs", single),
        single_loss=mean_loss(single, targets[:1]),
        batch_outputs=make_sketch("batch_outputs", batch),
        batch_loss=mean_loss(batch, targets),
        gradients=first[2],
        updates={name: make_sketch(name, values - before[name]) for name, values in {**parameters, **state}.items()},
    )
