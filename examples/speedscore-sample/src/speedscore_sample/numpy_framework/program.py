"""A workload as a NumPy program: the methods of ``speedscore.bench_suite.frameworks.program`` for any ``NumpyModel``.

NumPy computes at once and compiles nothing, so most of them have little to do. It reads the clock only
around what makes the optimizer.
"""

from __future__ import annotations

import importlib
from contextlib import AbstractContextManager, nullcontext

import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.workloads.workload import Array, Weights, Workload
from speedscore.host.clock import seconds
from speedscore.record.phases import DeviceName, Role
from speedscore_sample.numpy_framework.model import Matrix, NumpyModel
from speedscore_sample.numpy_framework.optimizer import Optimizer


def build(
    workload: Workload, *, implementation: str, role: Role, device: DeviceName, variant: str, threads: int
) -> NumpyProgram:
    """Build a workload in NumPy; answers ``speedscore.bench_suite.frameworks.program.Builder``.

    ``implementation`` offers ``make(workload)``, which returns a ``NumpyModel``. ``threads`` cannot be set from here:
    the worker has told NumPy's BLAS by its environment. Raises DeviceUnavailable for any device but the CPU.
    """
    del variant, threads
    if device != "cpu":
        raise DeviceUnavailable(f"NumPy {np.__version__} was asked for a {device} and computes on the CPU alone")
    return NumpyProgram(workload, importlib.import_module(implementation).make(workload), role=role)


class NumpyProgram:
    """One model on the CPU."""

    def __init__(self, workload: Workload, model: NumpyModel, *, role: Role) -> None:
        self._workload = workload
        self._model = model
        self._role = role
        self.feed(workload.single_input() if role == "inference" else workload.inputs(), workload.targets())
        self._logits: Matrix | None = None
        self._optimizer_state_seconds: float | None = None
        self._was_loaded = False
        self.load()

    def feed(self, inputs: Array, targets: NDArray[np.int32]) -> None:
        self._inputs, self._targets = inputs, targets

    def load(self) -> None:
        self._weights = self._workload.parameters()
        started = seconds()
        self._optimizer = Optimizer(self._workload.optimizer, self._weights)
        if self._role == "training" and not self._was_loaded:
            self._optimizer_state_seconds = seconds() - started
        self._was_loaded = True
        self._loss: float | None = None

    def compile(self) -> dict[str, float]:
        """There is nothing to compile: what the optimizer took, once."""
        optimizer_state_seconds, self._optimizer_state_seconds = self._optimizer_state_seconds, None
        return {} if optimizer_state_seconds is None else {"optimizer_state_seconds": optimizer_state_seconds}

    def step(self) -> None:
        self._loss, gradients = self.loss_and_gradients()
        self._optimizer.step(self._weights, gradients)

    def infer(self) -> None:
        self._logits = self._model.forward(self._weights, self._inputs)[0]

    def wait(self) -> None:
        """Nothing is ever queued."""

    def pending(self) -> bool:
        return False

    def steady(self) -> AbstractContextManager[None]:
        """There is nothing to compile and nowhere to copy to."""
        return nullcontext()

    def loss(self) -> float:
        if self._loss is None:
            raise RuntimeError("there is no loss before the first step; call step() first")
        return self._loss

    def forward(self) -> NDArray[np.float32]:
        if self._role == "training":
            return self._model.forward(self._weights, self._inputs)[0]
        if self._logits is None:
            raise RuntimeError("there are no logits before the first pass; call infer() first")
        return self._logits

    def loss_and_gradients(self) -> tuple[float, Weights]:
        logits, kept = self._model.forward(self._weights, self._inputs)
        loss, gradient = cross_entropy(logits, self._targets)
        return loss, self._model.backward(self._weights, kept, gradient)

    def weights(self) -> Weights:
        return {name: values.copy() for name, values in self._weights.items()}

    def trained_count(self) -> int:
        return sum(values.size for values in self._weights.values())

    def dispatch(self) -> None:
        """NumPy dispatches every operation: no single call can be emptied."""

    def reset_peak(self) -> None:
        """NumPy allocates where the process does, whose peak is read elsewhere."""

    def memory(self) -> dict[str, int]:
        return {}

    def counts(self) -> dict[str, int]:
        return {}

    def describe(self) -> dict[str, str | int | float | bool | None]:
        # NumPy does not tell how many threads its BLAS uses; the worker records the variables that set them.
        return {
            "platform": "cpu",
            "device_kind": "cpu",
            "threads": None,
            "variant": "eager",
            "compiled": "nothing",
            "numpy": np.__version__,
        }


def cross_entropy(logits: Matrix, targets: NDArray[np.int32]) -> tuple[float, Matrix]:
    """Mean softmax cross-entropy of logits [batch, classes] and its gradient; no target is left out."""
    rows = np.arange(len(targets))
    shifted = logits - logits.max(axis=-1, keepdims=True)
    gradient = np.exp(shifted)
    sums = gradient.sum(axis=-1, keepdims=True)
    loss = np.mean(np.log(sums[:, 0]) - shifted[rows, targets])
    gradient /= sums
    gradient[rows, targets] -= 1.0
    gradient /= len(targets)
    return float(loss), gradient
