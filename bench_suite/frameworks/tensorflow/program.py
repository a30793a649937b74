"""A workload in TensorFlow: one training step, or one forward pass, as a ``tf.function``, compiled whole by XLA or not.

The step holds forward pass, ``tf.GradientTape`` and optimizer, over ``tf.Variable``s that it writes in place. It is in
plain operations: Keras's layers come down to the same ones, so that nothing would be faster, but its batch
normalisation keeps a biased running variance and its optimizers are not those of the workloads. It never reads a clock
but around the trace and what makes the optimizer's variables, and never knows what a model computes.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

# TensorFlow reads it when it is imported, by this module or by one of those below.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from speedscore.bench_suite.frameworks.profiling import MarkStep
from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.frameworks.tensorflow.computation import Computation, Computing, MakeComputation
from speedscore.bench_suite.frameworks.tensorflow.devices import (
    HOST,
    describe_device,
    peak_memory,
    place,
    prepare_device,
    reset_peak_memory,
    synchronise,
)
from speedscore.bench_suite.frameworks.tensorflow.kept_programs import KeptPrograms
from speedscore.bench_suite.frameworks.tensorflow.optimizer import Variables
from speedscore.bench_suite.workloads.workload import Array, Weights, Workload
from speedscore.host.clock import seconds
from speedscore.host.fields import Scalar
from speedscore.record.phases import DeviceName, Role


class TensorflowProgram:
    """Answers ``speedscore.bench_suite.frameworks.program.Program`` for any ``Computing``."""

    def __init__(self, workload: Workload, make_computation: MakeComputation, *, role: Role, device: str) -> None:
        """Put weights and batch on ``device``. Raises DeviceUnavailable when a variable turns out to lie elsewhere."""
        self._workload = workload
        self._trains = role == "training"
        self._device = device
        with tf.device(device):
            self._computation = make_computation(workload)
        self.feed(workload.single_input() if role == "inference" else workload.inputs(), workload.targets())
        body = self._computation.train if self._trains else self._computation.predict
        self._xla = self._computation.xla
        self._function = tf.function(body, jit_compile=self._xla, autograph=False)
        # For the certificate alone, and so traced only when it asks.
        self._examine = tf.function(self._computation.differentiate, jit_compile=self._xla, autograph=False)
        self._call: Any = None
        self._batch_loss: Any = None
        self._logits: Any = None
        self._queued = False
        self._from_cache: bool | None = None
        self._optimizer_state_seconds = self._start_optimizer() if self._trains else None
        self._check_placed()
        self.load()

    def _start_optimizer(self) -> float:
        """Make the optimizer's variables, once the batch and the model's are there, and return the seconds of that."""
        synchronise(self._device)
        start = seconds()
        with tf.device(self._device):
            self._computation.start_optimizer()
        synchronise(self._device)
        return seconds() - start

    def _check_placed(self) -> None:
        for name, variable in self._computation.variables().items():
            if not variable.device.endswith(self._device):
                raise DeviceUnavailable(f"{name} was asked to be on {self._device}, but is on {variable.device}")

    @property
    def computation(self) -> Computing:
        """The variables of model and optimizer, and what is computed with them."""
        return self._computation

    def feed(self, inputs: Array, targets: NDArray[np.int32]) -> None:
        batch: tuple[Array, ...] = (inputs, targets) if self._trains else (inputs,)
        self._batch = tuple(place(values, self._device) for values in batch)

    def load(self) -> None:
        self._batch_loss = self._logits = None
        # Drawn again rather than kept: a copy on the host would stand in the memory that is measured.
        self._computation.load(self._workload.parameters(), self._workload.state())
        self._queued = True
        self.wait()

    def compile(self) -> dict[str, float]:
        """Trace the role's function: ``trace_seconds``, after ``optimizer_state_seconds`` where it trains.

        XLA compiles it in its first call and in no other way: what ``experimental_get_compiler_ir`` compiles is thrown
        away, and so the time of that is part of the first step.
        """
        start = seconds()
        # Called in place of the tf.function, which looks for the trace that fits by comparing every captured variable:
        # 0.14 of 0.31 ms a pass of mlp, and 1.8 of 13 ms of resnet50.
        traced = self._function.get_concrete_function(*self._batch)
        trace_seconds = seconds() - start
        self._call = self._watch_first_call(traced) if self._xla else traced
        optimizer_state_seconds, self._optimizer_state_seconds = self._optimizer_state_seconds, None
        before = {} if optimizer_state_seconds is None else {"optimizer_state_seconds": optimizer_state_seconds}
        return before | {"trace_seconds": trace_seconds}

    def _watch_first_call(self, traced: Any) -> Callable[..., Any]:
        """The function as it is to be called first, in which XLA compiles it; from then on it is called itself."""
        kept = KeptPrograms()

        def first_call(*batch: Any) -> Any:
            given = traced(*batch)
            self._from_cache = kept.served()
            self._call = traced
            return given

        return first_call

    def step(self) -> None:
        self._batch_loss = self._call(*self._batch)
        self._queued = True

    def infer(self) -> None:
        self._logits = self._call(*self._batch)
        self._queued = True

    def predictor(self) -> tuple[Callable[[Any], Any], Variables]:
        """The forward pass, which a ``tf.function`` can trace: inputs [any batch, …] → logits; and what it reads."""
        return self._computation.predict, self._computation.parameters | self._computation.state

    def wait(self) -> None:
        synchronise(self._device)
        self._queued = False

    def pending(self) -> bool:
        """On a GPU TensorFlow does not tell what is done: whatever was queued counts until it was waited for."""
        return self._queued and self._device != HOST

    @contextmanager
    def steady(self) -> Iterator[None]:
        """At its end a trace of the functions that it calls raises RuntimeError.

        XLA compiles what was never called, or is called with other shapes; that is not seen, but the batch stays the
        same and the first step is over by then. Nor is ``.numpy()``: TensorFlow has no guard against copies between
        host and device.
        """
        before = self.count_traces()
        yield
        if (traces := self.count_traces() - before) > 0:
            raise RuntimeError(
                f"{traces} traces of a tf.function ran where none was expected; call it with the shapes and types that "
                "it was compiled for"
            )

    def count_traces(self) -> int:
        """Traces so far of the functions that this program calls."""
        return sum(function.experimental_get_tracing_count() for function in (self._function, self._examine))

    def loss(self) -> float:
        if self._batch_loss is None:
            raise RuntimeError("there is no loss before the first step; call step() first")
        return float(self._batch_loss)

    def forward(self) -> NDArray[np.float32]:
        if not self._trains and self._logits is None:
            raise RuntimeError("there are no logits before the first pass; call infer() first")
        logits = self._examine(*self._batch)[1] if self._trains else self._logits
        return np.array(logits, dtype=np.float32)

    def loss_and_gradients(self) -> tuple[float, Weights]:
        loss, _, gradients, _ = self._examine(*self._batch)
        return float(loss), self._computation.to_canonical(gradients)

    def weights(self) -> Weights:
        return self._computation.to_canonical(self._computation.parameters | self._computation.state)

    def trained_count(self) -> int:
        return sum(variable.shape.num_elements() for variable in self._computation.parameters.values())

    def dispatch(self) -> None:
        """None: what a call costs on the host lies in the compiled operation, which locks and hands over its variables.

        It does so according to what the computation reads and writes, so one that is left out would cost another thing;
        and where the computation runs on the thread that called it, as on the host, nothing parts the two.
        """

    def reset_peak(self) -> None:
        reset_peak_memory(self._device)

    def memory(self) -> dict[str, int]:
        return peak_memory(self._device)

    def counts(self) -> dict[str, int]:
        """None: XLA's program can be read only from a second compilation, which is not the one that runs."""
        return {}

    def profiling(self, folder: Path) -> AbstractContextManager[MarkStep]:
        from speedscore.bench_suite.frameworks.tensorflow.profiling import tensorflow_profile

        return tensorflow_profile(folder)

    def describe(self) -> dict[str, Scalar]:
        described: dict[str, Scalar] = {
            "platform": self._platform(),
            **describe_device(self._device),
            "variant": f"tf.function(jit_compile={self._xla}) over {self._computation.made_of}",
            "tensorflow": tf.__version__,
            **self._computation.description,
        }
        if self._from_cache is not None:
            described["compiled_from_cache"] = self._from_cache
        if self._trains:
            described["optimizer"] = self._computation.optimizer
        return described

    def _platform(self) -> str:
        device = next(iter(self._computation.parameters.values())).device
        return str(tf.DeviceSpec.from_string(device).device_type).lower()


def build(
    workload: Workload, *, implementation: str, role: Role, device: DeviceName, variant: str, threads: int
) -> TensorflowProgram:
    """Build a workload in TensorFlow; answers ``speedscore.bench_suite.frameworks.program.Builder``.

    ``implementation`` offers ``make(workload, platform=...)``, which returns a ``TensorflowModel``. Raises
    DeviceUnavailable, and ValueError for a variant that there is not.
    """
    if variant:
        raise ValueError(f"TensorFlow has no variant {variant!r}; leave it empty")
    placed = prepare_device(device, threads=threads, precision=workload.precision)
    model = importlib.import_module(implementation).make(workload, platform=device)
    return TensorflowProgram(workload, partial(Computation, model=model), role=role, device=placed)
