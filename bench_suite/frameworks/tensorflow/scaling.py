"""A training program in TensorFlow over several devices of one process, by data: ``tf.distribute.MirroredStrategy``.

Every device has a copy of every variable and a part of the batch; gradients are averaged before the optimizer. It is a
``tf.function`` without ``jit_compile``: XLA refuses a variable's copy on another device. It never reads a clock.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.frameworks.sharding import Member, Spread
from speedscore.bench_suite.frameworks.table import Framework
from speedscore.bench_suite.frameworks.tensorflow.computation import Computation
from speedscore.bench_suite.frameworks.tensorflow.devices import HOST, place, prepare_device, synchronise
from speedscore.bench_suite.frameworks.tensorflow.layout import TensorflowModel
from speedscore.bench_suite.workloads.workload import Array, Weights, Workload
from speedscore.host.fields import Scalar
from speedscore.record.phases import DeviceName

DATA = "data"
_MEAN = tf.distribute.ReduceOp.MEAN


def require_devices(devices: int, device: DeviceName) -> None:
    """The host is split into as many as are asked for. Raises DeviceUnavailable for another kind."""
    if device != "cpu":
        raise DeviceUnavailable(
            f"asked for {devices} devices of the kind {device!r}, but MirroredStrategy is asked on the host alone"
        )


@contextmanager
def joined(member: Member | None, device: DeviceName) -> Iterator[None]:
    """Raises ValueError for one of several processes: what holds several devices here is one process."""
    del device
    if member is not None:
        raise ValueError("MirroredStrategy is of one process; expected none beside it")
    yield


def build(workload: Workload, *, line: Framework, way: str, devices: int, device: DeviceName) -> MirroredProgram:
    """Splits the host into as many logical devices, and so once in a process. Raises ValueError for another way."""
    if way != DATA:
        raise ValueError(f"MirroredStrategy shares out data; expected way {DATA!r}, found {way!r}")
    require_devices(devices, device)
    prepare_device(device, threads=1)
    (host,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(host, [tf.config.LogicalDeviceConfiguration()] * devices)
    model = importlib.import_module(f"{line.package}.{line.module_of(workload.model)}").make(workload, platform=device)
    return MirroredProgram(workload, model, devices=devices)


class MirroredProgram:
    """The verbs of ``program.Program`` that train it and read what it trained."""

    def __init__(self, workload: Workload, model: TensorflowModel, *, devices: int) -> None:
        self._workload = workload
        self._strategy = tf.distribute.MirroredStrategy([f"CPU:{index}" for index in range(devices)])
        with self._strategy.scope():
            self._computation = Computation(workload, model)
            self._computation.start_optimizer()
        self._call = tf.function(self._step_everywhere, autograph=False)
        self._examine = tf.function(self._examine_everywhere, autograph=False)
        self._loss: Any = None
        self.feed(workload.inputs(), workload.targets())
        self.load()

    def feed(self, inputs: Array, targets: NDArray[np.int32]) -> None:
        self._examples = len(inputs)
        self._batch = tuple(self._share_out(values) for values in (inputs, targets))

    def _share_out(self, values: Array) -> Any:
        parts = np.array_split(values, self._strategy.num_replicas_in_sync)
        return self._strategy.experimental_distribute_values_from_function(
            lambda context: place(parts[context.replica_id_in_sync_group], f"CPU:{context.replica_id_in_sync_group}")
        )

    def load(self) -> None:
        self._computation.load(self._workload.parameters(), self._workload.state())

    def compile(self) -> dict[str, float]:
        return {}

    def counts(self) -> dict[str, int]:
        return {}

    def step(self) -> None:
        self._loss = self._call(*self._batch)

    def wait(self) -> None:
        synchronise(HOST)

    def loss(self) -> float:
        if self._loss is None:
            raise RuntimeError("there is no loss before the first step; call step() first")
        return float(self._loss)

    def forward(self) -> NDArray[np.float32]:
        logits = self._examine(*self._batch)[1]
        return np.concatenate(
            [np.array(part, np.float32) for part in self._strategy.experimental_local_results(logits)]
        )

    def loss_and_gradients(self) -> tuple[float, Weights]:
        loss, _, gradients = self._examine(*self._batch)
        return float(loss), self._computation.to_canonical(gradients)

    def weights(self) -> Weights:
        return self._computation.to_canonical(self._computation.parameters)

    def trained_count(self) -> int:
        return sum(variable.shape.num_elements() for variable in self._computation.parameters.values())

    def describe(self) -> dict[str, Scalar]:
        return {"platform": "cpu", "variant": "tf.function under MirroredStrategy", "tensorflow": tf.__version__}

    def spread(self) -> Spread:
        parameters = list(self._computation.parameters.values())
        moments = [slot for slot in self._computation.slots.values() if slot.shape.num_elements() > 1]
        parts = self._strategy.experimental_local_results(self._batch[0])
        return Spread(
            devices=min(len({copy.device for copy in copies}) for copies in (*map(self._copies, parameters), parts)),
            parameters=self._held_share(parameters),
            optimizer=self._held_share(moments),
            batch=max(len(part) for part in parts) / self._examples,
        )

    def _copies(self, variable: Any) -> Any:
        return self._strategy.experimental_local_results(variable)

    def _held_share(self, variables: list[Any]) -> float:
        held: dict[str, int] = {}
        for variable in variables:
            for copy in self._copies(variable):
                held[copy.device] = held.get(copy.device, 0) + copy.shape.num_elements()
        whole: int = sum(variable.shape.num_elements() for variable in variables)
        return max(held.values()) / whole

    def _step_everywhere(self, inputs: Any, targets: Any) -> Any:
        return self._strategy.reduce(_MEAN, self._strategy.run(self._step_here, (inputs, targets)), axis=None)

    def _step_here(self, inputs: Any, targets: Any) -> Any:
        loss, _, gradients, _ = self._computation.differentiate(inputs, targets)
        self._computation.update(tf.distribute.get_replica_context().all_reduce(_MEAN, gradients))
        return loss

    def _examine_everywhere(self, inputs: Any, targets: Any) -> tuple[Any, Any, Any]:
        loss, logits, gradients, _ = self._strategy.run(self._computation.differentiate, (inputs, targets))
        mean = {name: self._strategy.reduce(_MEAN, gradient, axis=None) for name, gradient in gradients.items()}
        return self._strategy.reduce(_MEAN, loss, axis=None), logits, mean


def spread(program: MirroredProgram) -> Spread:
    return program.spread()
