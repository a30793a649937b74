"""The multilayer perceptron by hand: forward and backward pass in float64 NumPy, as ``mlp`` specifies them.

For making the reference file only; nothing here is ever timed.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from speedscore.bench_suite.workloads.reference_steps import Doubles, Method, Pass, cross_entropy
from speedscore.bench_suite.workloads.workload import Array


def _layers(parameters: Doubles) -> int:
    return len(parameters) // 2


def _normal_cdf(x: NDArray[np.float64]) -> NDArray[np.float64]:
    values: NDArray[np.float64] = 0.5 * (1.0 + erf(x / math.sqrt(2.0)))
    return values


def _forward(
    parameters: Doubles, inputs: Array
) -> tuple[NDArray[np.float64], list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Logits, then what each dense layer took in, then what each hidden layer gave before GELU."""
    value = inputs.astype(np.float64)
    taken, given = [], []
    for layer in range(_layers(parameters)):
        taken.append(value)
        value = value @ parameters[f"dense{layer}.kernel"] + parameters[f"dense{layer}.bias"]
        if layer < _layers(parameters) - 1:
            given.append(value)
            value = value * _normal_cdf(value)
    return value, taken, given


def train(parameters: Doubles, state: Doubles, inputs: Array, targets: NDArray[np.int32]) -> Pass:
    """Logits [batch, classes], loss, and gradients by the chain rule; GELU′(x) = Φ(x) + x · φ(x)."""
    logits, taken, given = _forward(parameters, inputs)
    losses, gradient = cross_entropy(logits, targets)
    gradient /= len(targets)
    gradients: Doubles = {}
    for layer in reversed(range(_layers(parameters))):
        gradients[f"dense{layer}.kernel"] = taken[layer].T @ gradient
        gradients[f"dense{layer}.bias"] = gradient.sum(axis=0)
        if layer:
            x = given[layer - 1]
            slope = _normal_cdf(x) + x * np.exp(-0.5 * x**2) / math.sqrt(2.0 * math.pi)
            gradient = (gradient @ parameters[f"dense{layer}.kernel"].T) * slope
    return Pass(logits, float(losses.mean()), gradients, state)


def predict(parameters: Doubles, state: Doubles, inputs: Array) -> NDArray[np.float64]:
    """Logits; the model does the same in evaluation as in training."""
    del state
    return _forward(parameters, inputs)[0]


METHOD = Method(train, predict, f"float64 NumPy {np.__version__}, forward and backward by hand")
