"""The language model by hand: forward and backward pass in float64 NumPy, as ``gpt`` specifies them.

For making the reference file only; nothing here is ever timed.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.workloads.gpt import NORM_EPSILON
from speedscore.bench_suite.workloads.reference_layers import Layers, Matrix, make_method
from speedscore.bench_suite.workloads.reference_steps import Doubles, Method

_C = math.sqrt(2.0 / math.pi)
_CUBIC = 0.044715
"""Of GELU's tanh form (Hendrycks and Gimpel 2016): x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))."""


def _gelu(x: Matrix) -> tuple[Matrix, Matrix]:
    """GELU in its tanh form, and its slope."""
    curve = np.tanh(_C * (x + _CUBIC * x**3))
    slope = _C * (1.0 + 3.0 * _CUBIC * x**2) * (1.0 - curve**2)
    return 0.5 * x * (1.0 + curve), 0.5 * (1.0 + curve) + 0.5 * x * slope


class GptExample(Layers):
    """One example's passes through a model of so many layers."""

    def __init__(self, parameters: Doubles, gradients: Doubles, *, layers: int, heads: int) -> None:
        super().__init__(parameters, gradients, heads=heads, epsilon=NORM_EPSILON, activation=_gelu)
        self.layers = layers

    def forward(self, inputs: NDArray[np.int32]) -> Matrix:
        """Logits [length, vocabulary] of one example's tokens, [length]."""
        tokens = inputs
        later = np.triu(np.ones((len(tokens), len(tokens)), dtype=bool), k=1)
        x = self.parameters["wte.embedding"][tokens] + self.parameters["wpe.embedding"][: len(tokens)]
        for layer in range(self.layers):
            block = f"block{layer}"
            x = x + self.attention(f"{block}.attn", self.norm(f"{block}.ln1", x), later)
            x = x + self.mlp(f"{block}.mlp", self.norm(f"{block}.ln2", x))
        self.kept["head"] = self.norm("ln_f", x)
        logits: Matrix = self.kept["head"] @ self.parameters["wte.embedding"].T
        return logits

    def backward(self, inputs: NDArray[np.int32], gradient: Matrix) -> None:
        """Adds the gradients of every parameter, from that of the logits."""
        tokens = inputs
        self.gradients["wte.embedding"] += gradient.T @ self.kept["head"]
        g = self.norm_back("ln_f", gradient @ self.parameters["wte.embedding"])
        for layer in reversed(range(self.layers)):
            block = f"block{layer}"
            g = g + self.norm_back(f"{block}.ln2", self.mlp_back(f"{block}.mlp", g))
            g = g + self.norm_back(f"{block}.ln1", self.attention_back(f"{block}.attn", g))
        np.add.at(self.gradients["wte.embedding"], tokens, g)
        self.gradients["wpe.embedding"][: len(tokens)] += g


def method(*, layers: int, heads: int) -> Method:
    """How the reference of a model with so many layers and heads is computed."""
    return make_method(partial(GptExample, layers=layers, heads=heads), head="wte.embedding")
