"""What a model's file gives to ``program``. It computes nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from speedscore.bench_suite.workloads.workload import Weights
from speedscore.host.fields import Scalar

Tensors = Mapping[str, Any]
"""Name → ``tf.Tensor``."""


@dataclasses.dataclass(frozen=True)
class TensorflowModel:
    """One model as a function of tensors."""

    apply: Callable[[Tensors, Tensors, Any, bool], tuple[Any, Tensors]]
    """(parameters, state, inputs, training) → (logits [..., classes], new state)."""
    to_own: Callable[[Weights], Weights]
    """Canonical parameters or state → the tensors that the model keeps."""
    to_canonical: Callable[[Weights], Weights]
    """Tensors that the model keeps, or gradients of them → canonical names and layouts."""
    description: dict[str, Scalar]
    """How it is computed: ``layout``, attention kernel, form of the convolutions."""
    xla: bool = True
    """Whether its ``tf.function`` asks for XLA (``jit_compile=True``); without it TensorFlow runs its own kernels."""
