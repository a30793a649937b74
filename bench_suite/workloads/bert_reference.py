"""The encoder by hand: forward and backward pass in float64 NumPy, as ``bert`` specifies them.

For making the reference file only; nothing here is ever timed.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from speedscore.bench_suite.workloads.bert import NORM_EPSILON, PADDING
from speedscore.bench_suite.workloads.reference_layers import Layers, Matrix, make_method
from speedscore.bench_suite.workloads.reference_steps import Doubles, Method


def _gelu(x: Matrix) -> tuple[Matrix, Matrix]:
    """The exact GELU, x · Φ(x), and its slope, Φ(x) + x · φ(x)."""
    below = 0.5 * (1.0 + erf(x / math.sqrt(2.0)))
    density = np.exp(-0.5 * x**2) / math.sqrt(2.0 * math.pi)
    return x * below, below + x * density


class BertExample(Layers):
    """One example's passes through a model of so many layers."""

    def __init__(self, parameters: Doubles, gradients: Doubles, *, layers: int, heads: int) -> None:
        super().__init__(parameters, gradients, heads=heads, epsilon=NORM_EPSILON, activation=_gelu)
        self.layers = layers

    def forward(self, inputs: NDArray[np.int32]) -> Matrix:
        """Logits [length, vocabulary] of one example's tokens and segments, [2, length]."""
        tokens, segments = inputs
        padding = tokens == PADDING
        x = (
            self.parameters["word.embedding"][tokens]
            + self.parameters["position.embedding"][: len(tokens)]
            + self.parameters["segment.embedding"][segments]
        )
        x = self.norm("embed.ln", x)
        for index in range(self.layers):
            layer = f"layer{index}"
            x = self.norm(f"{layer}.attn.ln", x + self.attention(f"{layer}.attn", x, padding))
            x = self.norm(f"{layer}.mlp.ln", x + self.mlp(f"{layer}.mlp", x))
        self.kept["decoder"] = self.norm("head.ln", self.activate("head", self.dense("head.dense", x)))
        logits: Matrix = self.kept["decoder"] @ self.parameters["word.embedding"].T + self.parameters["head.bias"]
        return logits

    def backward(self, inputs: NDArray[np.int32], gradient: Matrix) -> None:
        """Adds the gradients of every parameter, from that of the logits."""
        tokens, segments = inputs
        self.gradients["head.bias"] += gradient.sum(axis=0)
        self.gradients["word.embedding"] += gradient.T @ self.kept["decoder"]
        g = self.norm_back("head.ln", gradient @ self.parameters["word.embedding"])
        g = self.dense_back("head.dense", self.activate_back("head", g))
        for index in reversed(range(self.layers)):
            layer = f"layer{index}"
            g = self.norm_back(f"{layer}.mlp.ln", g)
            g = g + self.mlp_back(f"{layer}.mlp", g)
            g = self.norm_back(f"{layer}.attn.ln", g)
            g = g + self.attention_back(f"{layer}.attn", g)
        g = self.norm_back("embed.ln", g)
        np.add.at(self.gradients["word.embedding"], tokens, g)
        np.add.at(self.gradients["segment.embedding"], segments, g)
        self.gradients["position.embedding"][: len(tokens)] += g


def method(*, layers: int, heads: int) -> Method:
    """How the reference of a model with so many layers and heads is computed."""
    return make_method(partial(BertExample, layers=layers, heads=heads), head="word.embedding")
