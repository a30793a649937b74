"""The linear classifier in NumPy, as the framework ``sample-numpy`` of this package wants it."""

from __future__ import annotations

from speedscore.bench_suite.workloads.workload import Weights
from speedscore_sample.linear.workload import Linear
from speedscore_sample.numpy_framework.model import Matrix, NumpyModel, dense, dense_gradients


def make(workload: Linear) -> NumpyModel:
    """The model's passes; inputs [batch, features], logits [batch, classes]."""
    del workload

    def forward(weights: Weights, inputs: Matrix) -> tuple[Matrix, Matrix]:
        return dense(weights, "dense", inputs), inputs

    def backward(weights: Weights, kept: Matrix, gradient: Matrix) -> Weights:
        del weights
        return dense_gradients("dense", kept, gradient)

    return NumpyModel(forward, backward)
