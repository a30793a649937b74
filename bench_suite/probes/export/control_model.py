"""The model that every converter is known to convert: one dense layer, and the same with weights that are flipped.

It proves the probe and says nothing about a framework.
"""

from __future__ import annotations

import numpy as np

from speedscore.bench_suite.workloads import mlp
from speedscore.bench_suite.workloads.mlp import Mlp
from speedscore.bench_suite.workloads.workload import Weights


class ControlModel(Mlp, frozen=True):
    """A perceptron without hidden layers."""

    flipped: str = ""
    """``weight``: the largest weight is negated; ``column``: all weights of one logit are; empty: none."""

    def parameters(self) -> Weights:
        parameters = super().parameters()
        kernel = parameters["dense0.kernel"] = parameters["dense0.kernel"].copy()
        if self.flipped == "weight":
            kernel[np.unravel_index(np.abs(kernel).argmax(), kernel.shape)] *= -1
        elif self.flipped == "column":
            kernel[:, 0] *= -1
        return parameters


def make_control(*, flipped: str) -> ControlModel:
    """The control with the weights that are named flipped."""
    smoke = mlp.make("smoke")
    return ControlModel(
        preset="control",
        width=smoke.width,
        hidden_layers=0,
        batch=4,
        cut="all but one layer",
        optimizer=smoke.optimizer,
        tolerances=smoke.tolerances,
        flipped=flipped,
    )
