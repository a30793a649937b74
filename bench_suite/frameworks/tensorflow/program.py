"""A workload in TensorFlow: one training step, or one forward pass, as a ``tf.function`` that XLA compiles whole.

The step holds forward pass, ``tf.GradientTape`` and optimizer, over ``tf.Variable``s that it writes in place. It is in
plain operations: Keras's layers come down to the same ones, so that nothing would be faster, but its batch
normalisation keeps a biased running variance and its optimizers are not those of the workloads. It never reads a clock
but around the trace, and never knows what a model computes.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# TensorFlow reads it when it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.frameworks.tensorflow.layout import Model, Scalar, Tensors
from speedscore.bench_suite.frameworks.tensorflow.optimizer import Variables, make_optimizer
from speedscore.bench_suite.workloads.workload import Array, Weights, Workload
from speedscore.host.clock import seconds
from speedscore.record.phases import DeviceName, Role


def prepare_device(name: DeviceName, *, threads: int) -> str:
    """Set threads, precision and visible devices, and return the device's name in TensorFlow.

    ``threads`` are the computing ones on the host. Raises DeviceUnavailable, which says what was asked for and found;
    RuntimeError when TensorFlow has already started with other settings.
    """
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    # A compiled step is one operation, so there is never a second one to run beside it.
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_tensor_float_32_execution(False)
    if name == "cpu":
        tf.config.set_visible_devices([], "GPU")
        return "CPU:0"
    if name == "gpu" and (gpus := tf.config.list_physical_devices("GPU")):
        tf.config.set_visible_devices(gpus[:1], "GPU")
        # The workers of a block share one accelerator.
        tf.config.experimental.set_memory_growth(gpus[0], True)
        return "GPU:0"
    if name == "tpu":
        raise DeviceUnavailable(f"asked for 'tpu', but TensorFlow {tf.__version__} is not driven on a TPU here")
    found = ", ".join(sorted({device.device_type.lower() for device in tf.config.list_physical_devices()}))
    built = "built with CUDA" if tf.test.is_built_with_cuda() else "built without CUDA"
    raise DeviceUnavailable(f"asked for {name!r}, but TensorFlow {tf.__version__} ({built}) found {found} only")


class TensorflowProgram:
    """Answers ``speedscore.bench_suite.frameworks.program.Program`` for any ``layout.Model``."""

    def __init__(self, workload: Workload, model: Model, *, role: Role, device: str) -> None:
        """Put weights and batch on ``device``. Raises DeviceUnavailable when a variable turns out to lie elsewhere."""
        self._workload = workload
        self._model = model
        self._trains = role == "training"
        self._device = device
        with tf.device(device):
            self._parameters = self._make_variables(workload.parameters(), trainable=True)
            self._state = self._make_variables(workload.state(), trainable=False)
            self._slots: Variables = {}
            if self._trains:
                self._slots, self._update = make_optimizer(workload.optimizer, self._parameters)
            batch = (workload.inputs(), workload.targets()) if self._trains else (_pass_inputs(workload, role),)
            self._batch = tuple(map(_place, batch))
        self._some_ignored = bool((workload.targets() < 0).any())
        body = self._train if self._trains else self._predict
        self._function = tf.function(body, jit_compile=True, autograph=False)
        # For the certificate alone, and so traced only when it asks.
        self._examine = tf.function(self._differentiate, jit_compile=True, autograph=False)
        self._call: Any = None
        self._batch_loss: Any = None
        self._logits: Any = None
        self._queued = False
        self._check_placed()
        self.load()

    def _make_variables(self, values: Weights, *, trainable: bool) -> Variables:
        return {
            name: tf.Variable(value, trainable=trainable, name=name, dtype=tf.float32)
            for name, value in self._model.to_own(values).items()
        }

    def _check_placed(self) -> None:
        for name, variable in (self._parameters | self._state | self._slots).items():
            if not variable.device.endswith(self._device):
                raise DeviceUnavailable(f"{name} was asked to be on {self._device}, but is on {variable.device}")

    def load(self) -> None:
        self._batch_loss = self._logits = None
        # Drawn again rather than kept: a copy on the host would stand in the memory that is measured.
        for variables, values in (
            (self._parameters, self._workload.parameters()),
            (self._state, self._workload.state()),
        ):
            for name, value in self._model.to_own(values).items():
                variables[name].assign(value)
        for slot in self._slots.values():
            slot.assign(tf.zeros_like(slot))
        self._queued = True
        self.wait()

    def compile(self) -> dict[str, float]:
        """Trace the role's function: ``trace_seconds``.

        XLA compiles it in its first call and in no other way: what ``experimental_get_compiler_ir`` compiles is thrown
        away, and so the time of that is part of the first step.
        """
        start = seconds()
        # Called in place of the tf.function, which looks for the trace that fits by comparing every captured variable:
        # 0.14 of 0.31 ms a pass of mlp, and 1.8 of 13 ms of resnet50.
        self._call = self._function.get_concrete_function(*self._batch)
        return {"trace_seconds": seconds() - start}

    def step(self) -> None:
        self._batch_loss = self._call(*self._batch)
        self._queued = True

    def infer(self) -> None:
        self._logits = self._call(*self._batch)
        self._queued = True

    def wait(self) -> None:
        # On the host a compiled function runs on the thread that calls it, and returns when its work is done.
        if self._device != "CPU:0":
            with tf.device(self._device):
                tf.raw_ops.SyncDevice()
        self._queued = False

    def pending(self) -> bool:
        """On a GPU TensorFlow does not tell what is done: whatever was queued counts until it was waited for."""
        return self._queued and self._device != "CPU:0"

    @contextmanager
    def steady(self) -> Iterator[None]:
        """At its end a trace of the functions that it calls raises RuntimeError.

        XLA compiles what was never called, or is called with other shapes; that is not seen, but the batch stays the
        same and the first step is over by then. Nor is ``.numpy()``: TensorFlow has no guard against copies between
        host and device.
        """
        before = self._traces()
        yield
        if (traces := self._traces() - before) > 0:
            raise RuntimeError(
                f"{traces} traces of a tf.function ran where none was expected; call it with the shapes and types that "
                "it was compiled for"
            )

    def _traces(self) -> int:
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
        return float(loss), self._read(gradients)

    def weights(self) -> Weights:
        return self._read(self._parameters | self._state)

    def trained_count(self) -> int:
        return sum(variable.shape.num_elements() for variable in self._parameters.values())

    def dispatch(self) -> None:
        """None: what a call costs on the host lies in the compiled operation, which locks and hands over its variables.

        It does so according to what the computation reads and writes, so one that is left out would cost another thing;
        and where the computation runs on the thread that called it, as on the host, nothing parts the two.
        """

    def memory(self) -> dict[str, int]:
        if self._device == "CPU:0":
            return {}
        return {"allocator_peak_bytes": tf.config.experimental.get_memory_info(self._device)["peak"]}

    def counts(self) -> dict[str, int]:
        """None: XLA's program can be read only from a second compilation, which is not the one that runs."""
        return {}

    def describe(self) -> dict[str, Scalar]:
        described: dict[str, Scalar] = {
            "platform": self._platform(),
            "device_kind": _device_kind(self._device),
            "threads": tf.config.threading.get_intra_op_parallelism_threads(),
            "variant": "tf.function(jit_compile=True) over plain operations, without Keras",
            "matmul_precision": "tf32" if tf.config.experimental.tensor_float_32_execution_enabled() else "highest",
            "tensorflow": tf.__version__,
            **self._model.description,
        }
        if self._trains:
            described["optimizer"] = "plain operations inside the compiled step"
        return described

    def _platform(self) -> str:
        device = next(iter(self._parameters.values())).device
        return str(tf.DeviceSpec.from_string(device).device_type).lower()

    def _train(self, inputs: Any, targets: Any) -> Any:
        loss, _, gradients, state = self._differentiate(inputs, targets)
        self._update(gradients)
        for name, value in state.items():
            self._state[name].assign(value)
        return loss

    def _differentiate(self, inputs: Any, targets: Any) -> tuple[Any, Any, Tensors, Tensors]:
        """Loss, logits, gradients and new state in training mode; writes nothing."""
        # Each variable is read once, however often the model names it.
        parameters = _read_inside(self._parameters)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(parameters)
            logits, state = self._model.apply(parameters, _read_inside(self._state), inputs, True)
            loss = self._mean_loss(logits, targets)
        gradients = tape.gradient(loss, parameters)
        dense = {name: tf.convert_to_tensor(gradient) for name, gradient in gradients.items()}
        return loss, logits, dense, state

    def _mean_loss(self, logits: Any, targets: Any) -> Any:
        """Mean softmax cross-entropy over the targets that are not negative."""
        if not self._some_ignored:
            return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits))
        # The loss of a negative label is not a number, and a vector of zeros for it would have a wrong gradient.
        labels = tf.maximum(targets, 0)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        counted = tf.cast(targets >= 0, tf.float32)
        return tf.reduce_sum(losses * counted) / tf.reduce_sum(counted)

    def _predict(self, inputs: Any) -> Any:
        return self._model.apply(_read_inside(self._parameters), _read_inside(self._state), inputs, False)[0]

    def _read(self, tensors: Tensors) -> Weights:
        return self._model.to_canonical({name: np.array(tensor) for name, tensor in tensors.items()})


def _pass_inputs(workload: Workload, role: Role) -> Array:
    return workload.single_input() if role == "inference" else workload.inputs()


def _place(values: Array) -> Any:
    """A tensor on the device of the context; integers as int64, for TensorFlow keeps int32 on the host of a GPU."""
    return tf.constant(values, dtype=tf.int64 if values.dtype == np.int32 else tf.float32)


def _read_inside(variables: Variables) -> dict[str, Any]:
    return {name: tf.convert_to_tensor(variable) for name, variable in variables.items()}


def _device_kind(device: str) -> str:
    if device == "CPU:0":
        return "cpu"
    gpu = tf.config.list_physical_devices("GPU")[0]
    return str(tf.config.experimental.get_device_details(gpu).get("device_name", "unknown"))


def build(
    workload: Workload, *, implementation: str, role: Role, device: DeviceName, variant: str, threads: int
) -> TensorflowProgram:
    """Build a workload in TensorFlow; answers ``speedscore.bench_suite.frameworks.program.Builder``.

    ``implementation`` offers ``make(workload, platform=...)``, which returns a ``layout.Model``. Raises
    DeviceUnavailable, and ValueError for a variant that there is not.
    """
    if variant:
        raise ValueError(f"TensorFlow has no variant {variant!r}; leave it empty")
    placed = prepare_device(device, threads=threads)
    model = importlib.import_module(implementation).make(workload, platform=device)
    return TensorflowProgram(workload, model, role=role, device=placed)
