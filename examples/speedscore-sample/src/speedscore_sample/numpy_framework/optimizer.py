"""The workload's optimizer in float32 NumPy, in place, from its formulas in ``bench_suite/workloads/workload.py``."""

from __future__ import annotations

import numpy as np

from speedscore.bench_suite.workloads.workload import AdamW, Sgd, Weights


class Optimizer:
    """Keeps the moments of each weight between steps."""

    def __init__(self, options: Sgd | AdamW, weights: Weights) -> None:
        self._options = options
        self._steps = 0
        self._first = {name: np.zeros_like(values) for name, values in weights.items()}
        self._second = {name: np.zeros_like(values) for name, values in weights.items()}

    def step(self, weights: Weights, gradients: Weights) -> None:
        """Update ``weights`` in place."""
        self._steps += 1
        for name, weight in weights.items():
            if isinstance(self._options, AdamW):
                self._adamw(self._options, name, weight, gradients[name])
            else:
                self._sgd(self._options, name, weight, gradients[name])

    def _sgd(self, options: Sgd, name: str, weight: np.ndarray, gradient: np.ndarray) -> None:
        velocity = self._first[name]
        velocity *= options.momentum
        velocity += gradient + options.weight_decay * weight
        weight -= options.learning_rate * velocity

    def _adamw(self, options: AdamW, name: str, weight: np.ndarray, gradient: np.ndarray) -> None:
        first, second = self._first[name], self._second[name]
        first *= options.beta1
        first += (1 - options.beta1) * gradient
        second *= options.beta2
        second += (1 - options.beta2) * np.square(gradient)
        size = np.sqrt(second / (1 - options.beta2**self._steps)) + options.epsilon
        direction = first / (1 - options.beta1**self._steps) / size
        weight -= options.learning_rate * (direction + options.weight_decay * weight)
