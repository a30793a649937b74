"""What every framework must compute: the contract between a model's NumPy side and the frameworks that run it.

A workload fixes all that could differ silently: shapes, data, initial weights, every option of the optimizer. It is the
only thing that a framework's folder reads. It never imports a framework.
"""

from __future__ import annotations

from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from speedscore.host.fields import Scalar
from speedscore.host.peaks import Precision

Array = NDArray[np.float32] | NDArray[np.int32]
Weights = dict[str, NDArray[np.float32]]

IGNORED = -1
"""The target of a position that has no part in the loss."""

CERTIFIED_STEPS = 5
"""Optimizer steps after which the parameters are compared with the reference."""


class Sgd(msgspec.Struct, frozen=True, tag=True):
    """Stochastic gradient descent with heavy-ball momentum and coupled (L2) weight decay.

    g ← g + weight_decay · w;  v ← momentum · v + g;  w ← w − learning_rate · v, with v = g in the first step.
    No dampening, no Nesterov. The decay covers every trained parameter.
    """

    learning_rate: float
    momentum: float
    weight_decay: float


class AdamW(msgspec.Struct, frozen=True, tag=True):
    """AdamW (Loshchilov and Hutter 2019, algorithm 2) with bias correction and decoupled weight decay.

    w ← w − learning_rate · (m̂ / (√v̂ + epsilon) + weight_decay · w). The decay covers every trained parameter.
    """

    learning_rate: float
    beta1: float
    beta2: float
    epsilon: float
    weight_decay: float


class Tolerances(msgspec.Struct, frozen=True):
    """Largest relative error that an implementation in one precision may have against the float64 reference."""

    outputs: float
    loss: float
    gradients: float
    update: float
    """Of the parameters after five steps: the error over the length of the way that the reference went."""
    reason: str
    """What was observed, and why the limits stand where they do."""
    state: float = 1e-3
    """Of what training updates without a gradient, as ``update``: it follows from the forward pass alone."""
    most_gradients: float | None = None
    """Of the gradients of the kernels, that of the one which a quarter of them are nearer than; None where
    ``gradients`` is as close. A value that rounding moves across a kink spoils only the gradients of the layers
    before it."""
    least_outputs: float | None = None
    """Of a precision below float32 the smallest error of the outputs that a program can have which computes in it: one
    that is nearer computes in another, and its time would be that of another case. None of float32."""
    optimizer: float = 5e-5
    """Of a step in every tensor, over its length, beyond what float32 must round: against the formula and the program's
    own gradients. In float32 no framework was beyond this on the CPU."""


class Workload(Protocol):
    """One model at one preset."""

    @property
    def model(self) -> str: ...
    @property
    def preset(self) -> str: ...
    @property
    def precision(self) -> Precision:
        """What it is computed in; the numbers that it starts from are the same in each."""
        ...

    @property
    def optimizer(self) -> Sgd | AdamW: ...
    @property
    def tolerances(self) -> Tolerances: ...

    def parameters(self) -> Weights:
        """Trained parameters, made afresh from the seed; canonical names and layouts (dense: [in, out], conv: HWIO)."""
        ...

    def state(self) -> Weights:
        """What training updates but no gradient reaches (running mean and variance); empty for most models."""
        ...

    def inputs(self) -> Array:
        """The training batch; images as NHWC float32, tokens as int32 with the length as their last axis."""
        ...

    def targets(self) -> NDArray[np.int32]:
        """Class indices: [batch], or [batch, length] for a language model. The loss leaves ``IGNORED`` ones out."""
        ...

    def single_input(self) -> Array:
        """The batch of one that latency is timed on: the first example of ``inputs``."""
        ...

    def training_flops(self) -> int:
        """Model FLOPs of one training step (a multiply and an add are two); recomputation never counts."""
        ...

    def inference_flops(self) -> int:
        """Model FLOPs of one forward pass of ``single_input``."""
        ...

    def throughput_flops(self) -> int:
        """Model FLOPs of one forward pass of ``inputs``."""
        ...

    def describe(self) -> dict[str, Scalar]:
        """The true shape in plain values, for record and card; says with ``cut`` what the preset cut, or "none"."""
        ...
