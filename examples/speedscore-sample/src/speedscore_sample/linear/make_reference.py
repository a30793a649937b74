"""Makes the reference file of the linear classifier: ``python -m speedscore_sample.linear.make_reference [preset]``.

The forward and backward pass stand here once more, in float64, apart from every timed program. Nothing here is timed.
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.workloads.reference import save_reference
from speedscore.bench_suite.workloads.reference_steps import Doubles, Method, Pass, cross_entropy, make_reference
from speedscore.bench_suite.workloads.workload import Array
from speedscore_sample.linear.workload import make


def predict(parameters: Doubles, state: Doubles, inputs: Array) -> NDArray[np.float64]:
    """Logits [batch, classes]."""
    del state
    logits: NDArray[np.float64] = inputs.astype(np.float64) @ parameters["dense.kernel"] + parameters["dense.bias"]
    return logits


def train(parameters: Doubles, state: Doubles, inputs: Array, targets: NDArray[np.int32]) -> Pass:
    """Logits, loss, and gradients by the chain rule."""
    logits = predict(parameters, state, inputs)
    losses, gradient = cross_entropy(logits, targets)
    gradient /= len(targets)
    gradients = {"dense.kernel": inputs.astype(np.float64).T @ gradient, "dense.bias": gradient.sum(axis=0)}
    return Pass(logits, float(losses.mean()), gradients, state)


METHOD = Method(train, predict, f"float64 NumPy {np.__version__}, forward and backward by hand")

if __name__ == "__main__":
    for preset in sys.argv[1:] or ["smoke"]:
        workload = make(preset)
        print(save_reference(workload, make_reference(workload, METHOD)))
