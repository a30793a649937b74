"""A task in TensorFlow: one function of its arguments as a ``tf.function``, compiled whole by XLA or not.

A task's file gives a ``TensorflowTask``. This module alone traces it, queues its calls, waits for them and reads their
results. It never reads a clock but around the trace.
"""

from __future__ import annotations

import dataclasses
import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

# TensorFlow reads it when it is imported, by this module or by one of those below.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

from speedscore.bench_suite.frameworks.tensorflow.devices import (
    HOST,
    describe_device,
    peak_memory,
    place,
    prepare_device,
    reset_peak_memory,
    synchronise,
)
from speedscore.bench_suite.workloads.task import Arguments, Results, TaskWorkload
from speedscore.host.clock import seconds
from speedscore.host.fields import Scalar
from speedscore.record.phases import DeviceName

Named = Mapping[str, Any]
"""Tensors or variables on the device, by name."""


@dataclasses.dataclass(frozen=True)
class TensorflowTask:
    """One task as a function that can be traced."""

    function: Callable[[Named], Named]
    """Arguments → results. What a call leaves for the next lies in variables that the function holds."""
    description: dict[str, Scalar]
    """How it is computed."""
    load: Callable[[Named], None] = lambda _: None
    """Arguments → the variables as they are before the first call."""
    xla: bool = True
    """Whether XLA compiles it whole."""
    read: Callable[[Named, Named], Named] = lambda _, given: given
    """The results by name, of the arguments and of what the last call gave."""
    counts: Callable[[], dict[str, int]] = dict
    """What can be counted of the task, by metric."""


class TensorflowTaskProgram:
    """Answers ``speedscore.bench_suite.frameworks.program.TaskProgram``."""

    def __init__(self, workload: TaskWorkload, task: TensorflowTask, *, device: str) -> None:
        self._task = task
        self._device = device
        self._function = tf.function(task.function, jit_compile=task.xla, autograph=False)
        self._call: Any = None
        self._given: Any = None
        self._queued = False
        self.feed(workload.arguments())

    def feed(self, arguments: Arguments) -> None:
        self._arguments = {name: place(values, self._device) for name, values in arguments.items()}
        self.load()

    def load(self) -> None:
        with tf.device(self._device):
            self._task.load(self._arguments)
        self._given, self._queued = None, True
        self.wait()

    def compile(self) -> dict[str, float]:
        """Trace the function: ``trace_seconds``. XLA compiles it in its first call, as a model's step."""
        start = seconds()
        with tf.device(self._device):
            self._call = self._function.get_concrete_function(self._arguments)
        return {"trace_seconds": seconds() - start}

    def call(self) -> None:
        self._given = self._call(self._arguments)
        self._queued = True

    def wait(self) -> None:
        synchronise(self._device)
        self._queued = False

    def pending(self) -> bool:
        return self._queued and self._device != HOST

    @contextmanager
    def steady(self) -> Iterator[None]:
        """At its end a trace of the function raises RuntimeError."""
        before = self._function.experimental_get_tracing_count()
        yield
        if (traces := self._function.experimental_get_tracing_count() - before) > 0:
            raise RuntimeError(f"{traces} traces of a tf.function ran where none was expected")

    def results(self) -> Results:
        if self._given is None:
            raise RuntimeError("there are no results before the first call; call call() first")
        read = self._task.read(self._arguments, self._given)
        return {name: np.array(values, dtype=np.float32) for name, values in read.items()}

    def reset_peak(self) -> None:
        reset_peak_memory(self._device)

    def memory(self) -> dict[str, int]:
        return peak_memory(self._device)

    def counts(self) -> dict[str, int]:
        return self._task.counts()

    def describe(self) -> dict[str, Scalar]:
        device = next(iter(self._arguments.values())).device
        return {
            "platform": str(tf.DeviceSpec.from_string(device).device_type).lower(),
            **describe_device(self._device),
            "variant": f"tf.function(jit_compile={self._task.xla})",
            "tensorflow": tf.__version__,
            **self._task.description,
        }


def build(
    task: TaskWorkload, *, implementation: str, device: DeviceName, variant: str, threads: int
) -> TensorflowTaskProgram:
    """Build a task in TensorFlow; answers ``speedscore.bench_suite.frameworks.program.TaskBuilder``.

    ``implementation`` offers ``make(task, platform=...)``, which returns a ``TensorflowTask``. Raises
    DeviceUnavailable, and ValueError for a variant that there is not.
    """
    if variant:
        raise ValueError(f"TensorFlow has no variant {variant!r}; leave it empty")
    placed = prepare_device(device, threads=threads)
    with tf.device(placed):
        made: TensorflowTask = importlib.import_module(implementation).make(task, platform=device)
    return TensorflowTaskProgram(task, made, device=placed)
