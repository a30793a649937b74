"""What the transformers' references share, by hand in float64 NumPy: the layers of one example, the sum over a batch.

For making reference files only; nothing here is ever timed, and nothing here knows a model. Examples go through one by
one and their gradients are summed, so that the full size fits into memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.workloads.reference_steps import Doubles, Method, Pass, cross_entropy
from speedscore.bench_suite.workloads.transformer import ATTENTION_PARTS
from speedscore.bench_suite.workloads.workload import IGNORED, Array

Matrix = NDArray[np.float64]
Activation = Callable[[Matrix], tuple[Matrix, Matrix]]
"""x to f(x) and f′(x), element by element."""


class Layers:
    """One example's passes. What the backward pass needs is kept from the forward pass, under the layer's name.

    Backward, each layer adds its parameters' gradients to ``gradients``, which holds every parameter from the start, so
    that the examples of a batch are summed in one place; it returns the gradient of what went in.
    """

    def __init__(
        self, parameters: Doubles, gradients: Doubles, *, heads: int, epsilon: float, activation: Activation
    ) -> None:
        self.parameters = parameters
        self.gradients = gradients
        self.heads = heads
        self.epsilon = epsilon
        self.activation = activation
        self.kept: dict[str, Any] = {}

    def dense(self, name: str, x: Matrix) -> Matrix:
        self.kept[name] = x
        out: Matrix = x @ self.parameters[f"{name}.kernel"] + self.parameters[f"{name}.bias"]
        return out

    def dense_back(self, name: str, g: Matrix) -> Matrix:
        self.gradients[f"{name}.kernel"] += self.kept[name].T @ g
        self.gradients[f"{name}.bias"] += g.sum(axis=0)
        out: Matrix = g @ self.parameters[f"{name}.kernel"].T
        return out

    def norm(self, name: str, x: Matrix) -> Matrix:
        """Layer normalisation over the last axis."""
        centred = x - x.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + self.epsilon)
        self.kept[name] = centred / deviation, deviation
        out: Matrix = self.kept[name][0] * self.parameters[f"{name}.scale"] + self.parameters[f"{name}.bias"]
        return out

    def norm_back(self, name: str, g: Matrix) -> Matrix:
        normed, deviation = self.kept[name]
        self.gradients[f"{name}.scale"] += (g * normed).sum(axis=0)
        self.gradients[f"{name}.bias"] += g.sum(axis=0)
        inner = g * self.parameters[f"{name}.scale"]
        along = normed * (inner * normed).mean(axis=-1, keepdims=True)
        out: Matrix = (inner - inner.mean(axis=-1, keepdims=True) - along) / deviation
        return out

    def activate(self, name: str, x: Matrix) -> Matrix:
        out, self.kept[f"{name}.slope"] = self.activation(x)
        return out

    def activate_back(self, name: str, g: Matrix) -> Matrix:
        out: Matrix = g * self.kept[f"{name}.slope"]
        return out

    def mlp(self, name: str, x: Matrix) -> Matrix:
        """``name.fc``, the activation, ``name.proj``."""
        return self.dense(f"{name}.proj", self.activate(name, self.dense(f"{name}.fc", x)))

    def mlp_back(self, name: str, g: Matrix) -> Matrix:
        return self.dense_back(f"{name}.fc", self.activate_back(name, self.dense_back(f"{name}.proj", g)))

    def _split(self, x: Matrix) -> Matrix:
        """[length, width] to [heads, length, head width]."""
        return x.reshape(len(x), self.heads, -1).transpose(1, 0, 2)

    @staticmethod
    def _join(x: Matrix) -> Matrix:
        """[heads, length, head width] to [length, width]."""
        return x.transpose(1, 0, 2).reshape(x.shape[1], -1)

    def attention(self, name: str, x: Matrix, hidden: NDArray[np.bool_]) -> Matrix:
        """Self-attention and ``name.proj``; ``hidden``, broadcast to [query, key], is true where no key is seen."""
        query, key, value = (self._split(self.dense(f"{name}.{part}", x)) for part in ATTENTION_PARTS)
        scale = query.shape[-1] ** -0.5
        scores = query @ key.transpose(0, 2, 1) * scale
        np.copyto(scores, -np.inf, where=hidden)
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        self.kept[f"{name}.parts"] = query, key, value, scores, scale
        return self.dense(f"{name}.proj", self._join(scores @ value))

    def attention_back(self, name: str, g: Matrix) -> Matrix:
        query, key, value, weights, scale = self.kept[f"{name}.parts"]
        g = self._split(self.dense_back(f"{name}.proj", g))
        weights_gradient = g @ value.transpose(0, 2, 1)
        scores_gradient = weights * (weights_gradient - (weights_gradient * weights).sum(axis=-1, keepdims=True))
        parts = {
            "query": scores_gradient @ key * scale,
            "key": scores_gradient.transpose(0, 2, 1) @ query * scale,
            "value": weights.transpose(0, 2, 1) @ g,
        }
        return sum(
            (self.dense_back(f"{name}.{part}", self._join(gradient)) for part, gradient in parts.items()),
            start=np.zeros(()),
        )


class Example(Protocol):
    """One example's passes through a model."""

    def forward(self, inputs: NDArray[np.int32]) -> Matrix:
        """Logits [length, vocabulary] of an example's inputs, [..., length]."""
        ...

    def backward(self, inputs: NDArray[np.int32], gradient: Matrix) -> None:
        """Adds the gradients of every parameter, from that of the logits; called after ``forward``."""
        ...


def make_method(make_example: Callable[[Doubles, Doubles], Example], *, head: str) -> Method:
    """How a transformer's reference is computed.

    ``make_example`` takes parameters and the gradients that are added to; ``head`` names the parameter that has a row
    for each class.
    """

    def train(parameters: Doubles, state: Doubles, inputs: Array, targets: NDArray[np.int32]) -> Pass:
        outputs = np.empty((*targets.shape, len(parameters[head])))
        gradients = {name: np.zeros_like(values) for name, values in parameters.items()}
        predicted = int((targets != IGNORED).sum())
        total = 0.0
        for index, (example_inputs, wanted) in enumerate(zip(inputs.astype(np.int32), targets, strict=True)):
            example = make_example(parameters, gradients)
            outputs[index] = example.forward(example_inputs)
            losses, gradient = cross_entropy(outputs[index], wanted)
            total += float(losses.sum())
            example.backward(example_inputs, gradient / predicted)
        return Pass(outputs, total / predicted, gradients, state)

    def predict(parameters: Doubles, state: Doubles, inputs: Array) -> Matrix:
        del state
        return np.stack([make_example(parameters, {}).forward(example) for example in inputs.astype(np.int32)])

    return Method(train, predict, f"float64 NumPy {np.__version__}, forward and backward by hand")
