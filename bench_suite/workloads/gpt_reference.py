"""The language model by hand: forward and backward pass in float64 NumPy, as ``gpt`` specifies them.

For making the reference file only; nothing here is ever timed. Examples go through one by one and their gradients are
summed, so that the full size fits into memory.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench_suite.workloads.gpt import NORM_EPSILON
from bench_suite.workloads.reference_steps import Doubles, Method, Pass, cross_entropy
from bench_suite.workloads.workload import Array

Matrix = NDArray[np.float64]
_C = math.sqrt(2.0 / math.pi)
_CUBIC = 0.044715
"""Of GELU's tanh form (Hendrycks and Gimpel 2016): x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))."""


class Example:
    """One example's passes. What the backward pass needs is kept from the forward pass, under the layer's name."""

    def __init__(self, parameters: Doubles, *, layers: int, heads: int) -> None:
        self.parameters = parameters
        self.layers = layers
        self.heads = heads
        self.kept: dict[str, Any] = {}
        self.gradients: Doubles = {}

    def forward(self, tokens: NDArray[np.int32]) -> Matrix:
        """Logits [length, vocabulary] of one example's tokens [length]."""
        x = self.parameters["wte.embedding"][tokens] + self.parameters["wpe.embedding"][: len(tokens)]
        for layer in range(self.layers):
            block = f"block{layer}"
            x = x + self._attention(f"{block}.attn", self._norm(f"{block}.ln1", x))
            hidden = self._gelu(block, self._dense(f"{block}.mlp.fc", self._norm(f"{block}.ln2", x)))
            x = x + self._dense(f"{block}.mlp.proj", hidden)
        self.kept["head"] = self._norm("ln_f", x)
        logits: Matrix = self.kept["head"] @ self.parameters["wte.embedding"].T
        return logits

    def backward(self, tokens: NDArray[np.int32], gradient: Matrix) -> Doubles:
        """Gradients of every parameter, from that of the logits."""
        self.gradients["wte.embedding"] = gradient.T @ self.kept["head"]
        g = self._norm_back("ln_f", gradient @ self.parameters["wte.embedding"])
        for layer in reversed(range(self.layers)):
            block = f"block{layer}"
            inner = self._gelu_back(block, self._dense_back(f"{block}.mlp.proj", g))
            g = g + self._norm_back(f"{block}.ln2", self._dense_back(f"{block}.mlp.fc", inner))
            g = g + self._norm_back(f"{block}.ln1", self._attention_back(f"{block}.attn", g))
        np.add.at(self.gradients["wte.embedding"], tokens, g)
        self.gradients["wpe.embedding"] = np.zeros_like(self.parameters["wpe.embedding"])
        self.gradients["wpe.embedding"][: len(tokens)] = g
        return self.gradients

    def _dense(self, name: str, x: Matrix) -> Matrix:
        self.kept[name] = x
        out: Matrix = x @ self.parameters[f"{name}.kernel"] + self.parameters[f"{name}.bias"]
        return out

    def _dense_back(self, name: str, g: Matrix) -> Matrix:
        self.gradients[f"{name}.kernel"] = self.kept[name].T @ g
        self.gradients[f"{name}.bias"] = g.sum(axis=0)
        out: Matrix = g @ self.parameters[f"{name}.kernel"].T
        return out

    def _norm(self, name: str, x: Matrix) -> Matrix:
        centred = x - x.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + NORM_EPSILON)
        self.kept[name] = centred / deviation, deviation
        out: Matrix = self.kept[name][0] * self.parameters[f"{name}.scale"] + self.parameters[f"{name}.bias"]
        return out

    def _norm_back(self, name: str, g: Matrix) -> Matrix:
        normed, deviation = self.kept[name]
        self.gradients[f"{name}.scale"] = (g * normed).sum(axis=0)
        self.gradients[f"{name}.bias"] = g.sum(axis=0)
        inner = g * self.parameters[f"{name}.scale"]
        along = normed * (inner * normed).mean(axis=-1, keepdims=True)
        out: Matrix = (inner - inner.mean(axis=-1, keepdims=True) - along) / deviation
        return out

    def _gelu(self, block: str, x: Matrix) -> Matrix:
        curve = np.tanh(_C * (x + _CUBIC * x**3))
        self.kept[f"{block}.gelu"] = x, curve
        return 0.5 * x * (1.0 + curve)

    def _gelu_back(self, block: str, g: Matrix) -> Matrix:
        x, curve = self.kept[f"{block}.gelu"]
        slope = _C * (1.0 + 3.0 * _CUBIC * x**2) * (1.0 - curve**2)
        out: Matrix = g * (0.5 * (1.0 + curve) + 0.5 * x * slope)
        return out

    def _split(self, x: Matrix) -> Matrix:
        """[length, width] to [heads, length, head width]."""
        return x.reshape(len(x), self.heads, -1).transpose(1, 0, 2)

    @staticmethod
    def _join(x: Matrix) -> Matrix:
        """[heads, length, head width] to [length, width]."""
        return x.transpose(1, 0, 2).reshape(x.shape[1], -1)

    def _attention(self, name: str, x: Matrix) -> Matrix:
        query, key, value = (self._split(self._dense(f"{name}.{part}", x)) for part in ("query", "key", "value"))
        scale = query.shape[-1] ** -0.5
        scores = query @ key.transpose(0, 2, 1) * scale
        scores[:, np.triu(np.ones(scores.shape[1:], dtype=bool), k=1)] = -np.inf
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        self.kept[f"{name}.parts"] = query, key, value, scores, scale
        return self._dense(f"{name}.proj", self._join(scores @ value))

    def _attention_back(self, name: str, g: Matrix) -> Matrix:
        query, key, value, weights, scale = self.kept[f"{name}.parts"]
        g = self._split(self._dense_back(f"{name}.proj", g))
        weights_gradient = g @ value.transpose(0, 2, 1)
        scores_gradient = weights * (weights_gradient - (weights_gradient * weights).sum(axis=-1, keepdims=True))
        parts = {
            "query": scores_gradient @ key * scale,
            "key": scores_gradient.transpose(0, 2, 1) @ query * scale,
            "value": weights.transpose(0, 2, 1) @ g,
        }
        return sum(
            (self._dense_back(f"{name}.{part}", self._join(gradient)) for part, gradient in parts.items()),
            start=np.zeros(()),
        )


def method(*, layers: int, heads: int) -> Method:
    """How the reference of a model with so many layers and heads is computed."""

    def train(parameters: Doubles, state: Doubles, inputs: Array, targets: NDArray[np.int32]) -> Pass:
        vocabulary = len(parameters["wte.embedding"])
        outputs = np.empty((*targets.shape, vocabulary))
        gradients: Doubles = {}
        total = 0.0
        for index, (tokens, wanted) in enumerate(zip(inputs.astype(np.int32), targets, strict=True)):
            example = Example(parameters, layers=layers, heads=heads)
            outputs[index] = example.forward(tokens)
            losses, gradient = cross_entropy(outputs[index], wanted)
            total += float(losses.sum())
            for name, values in example.backward(tokens, gradient / targets.size).items():
                gradients[name] = gradients[name] + values if name in gradients else values
        return Pass(outputs, total / targets.size, gradients, state)

    def predict(parameters: Doubles, state: Doubles, inputs: Array) -> Matrix:
        del state
        examples = [
            Example(parameters, layers=layers, heads=heads).forward(tokens.astype(np.int32)) for tokens in inputs
        ]
        return np.stack(examples)

    return Method(train, predict, f"float64 NumPy {np.__version__}, forward and backward by hand")
