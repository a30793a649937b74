"""The multilayer perceptron in NumPy: dense layers with the exact GELU between them, and their derivatives."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import erf

from speedscore.bench_suite.workloads.mlp import Mlp
from speedscore.bench_suite.workloads.workload import Weights
from speedscore_sample.numpy_framework.model import Matrix, NumpyModel, dense, dense_gradients

Kept = tuple[list[Matrix], list[Matrix]]
"""What each dense layer took in; the slope of the GELU before each but the first."""


def gelu(x: Matrix) -> tuple[Matrix, Matrix]:
    """x · Φ(x) with the error function, and its derivative Φ(x) + x · φ(x)."""
    below = 0.5 * (1.0 + erf(x / math.sqrt(2.0)))
    return x * below, below + x * np.exp(-0.5 * np.square(x)) / math.sqrt(2.0 * math.pi)


def make(workload: Mlp) -> NumpyModel:
    """The model's passes; inputs [batch, features], logits [batch, classes]."""
    layers = len(workload.layer_sizes)

    def forward(weights: Weights, inputs: Matrix) -> tuple[Matrix, Kept]:
        taken, slopes = [inputs], []
        for index in range(layers - 1):
            activations, slope = gelu(dense(weights, f"dense{index}", taken[-1]))
            taken.append(activations)
            slopes.append(slope)
        return dense(weights, f"dense{layers - 1}", taken[-1]), (taken, slopes)

    def backward(weights: Weights, kept: Kept, gradient: Matrix) -> Weights:
        taken, slopes = kept
        gradients: Weights = {}
        for index in reversed(range(layers)):
            gradients |= dense_gradients(f"dense{index}", taken[index], gradient)
            if index:
                gradient = gradient @ weights[f"dense{index}.kernel"].T
                gradient *= slopes[index - 1]
        return gradients

    return NumpyModel(forward, backward)
