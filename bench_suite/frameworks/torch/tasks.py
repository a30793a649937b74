"""A task as a PyTorch program, eager or compiled: one function of its arguments.

A task's file gives a ``TorchTask`` and hands to ``prepare`` what is to be compiled. This module alone queues its calls,
waits for them and reads their results.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
import torch._dynamo  # every optimizer does, as it is made: importing is no part of what running takes

from speedscore.bench_suite.frameworks.torch.compiling import VARIANTS, Compiler
from speedscore.bench_suite.frameworks.torch.platforms import Facts, Platform, find_platform
from speedscore.bench_suite.workloads.task import Arguments, Results, TaskWorkload
from speedscore.host.fields import Scalar
from speedscore.record.phases import DeviceName

Named = Mapping[str, torch.Tensor]
"""Tensors on the device, by name."""
Prepare = Callable[[Callable[..., Any]], Callable[..., Any]]
"""Hands a function to ``torch.compile`` where the variant compiles, and leaves it alone where it is eager."""


@dataclasses.dataclass(frozen=True)
class TorchTask:
    """One task as functions of tensors."""

    start: Callable[[Named], Any]
    """The arguments → what every call takes; what calls change in it must be its own copies."""
    call: Callable[[Any], Any]
    """What is timed: takes what ``start`` gave, and gives whatever ``read`` makes results of."""
    read: Callable[[Any, Any], Named]
    """The results by name, of what ``start`` gave and of what the last call gave."""
    description: dict[str, Scalar]
    """How it is computed."""
    counts: Callable[[], dict[str, int]] = dict
    """What can be counted of the task, by metric."""

    @classmethod
    def pure(cls, function: Callable[[Named], Any], description: dict[str, Scalar]) -> TorchTask:
        """A task whose calls leave nothing behind: arguments → results. ``function`` is prepared already."""
        return cls(
            start=lambda arguments: arguments, call=function, read=lambda _, given: given, description=description
        )


class TorchTaskProgram:
    """Answers ``speedscore.bench_suite.frameworks.program.TaskProgram``."""

    def __init__(self, workload: TaskWorkload, task: TorchTask, *, platform: Platform, compiler: Compiler) -> None:
        self._task = task
        self._platform = platform
        self._compiler = compiler
        self._state: Any = None
        self._given: Any = None
        self.feed(workload.arguments())

    def feed(self, arguments: Arguments) -> None:
        # Indices are int64 in PyTorch.
        self._arguments = {
            name: torch.from_numpy(np.array(values, dtype=np.int64 if values.dtype == np.int32 else np.float32)).to(
                self._platform.device
            )
            for name, values in arguments.items()
        }
        self.load()

    def load(self) -> None:
        self._state, self._given = self._task.start(self._arguments), None
        self.wait()

    def compile(self) -> dict[str, float]:
        return {}

    def call(self) -> None:
        self._platform.begin()
        self._given = self._task.call(self._state)
        self._platform.end()

    def wait(self) -> None:
        self._platform.wait()

    def pending(self) -> bool:
        return self._platform.pending()

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Inside it a recompilation raises, and whatever the platform sees of copies; ``wait`` may be called."""
        with self._compiler.steady(), self._platform.steady():
            yield

    def results(self) -> Results:
        if self._given is None:
            raise RuntimeError("there are no results before the first call; call call() first")
        read = self._task.read(self._state, self._given)
        return {name: values.detach().to("cpu", torch.float32).numpy().copy() for name, values in read.items()}

    def reset_peak(self) -> None:
        self._platform.reset_peak()

    def memory(self) -> dict[str, int]:
        return self._platform.memory()

    def counts(self) -> dict[str, int]:
        return self._compiler.counts() | self._task.counts()

    def describe(self) -> Facts:
        return {
            "platform": self._platform.name,
            "device_kind": self._platform.kind,
            "threads": torch.get_num_threads(),
            "variant": self._compiler.variant,
            **self._platform.describe(),
            **self._task.description,
        }


def build(
    task: TaskWorkload, *, implementation: str, device: DeviceName, variant: str, threads: int
) -> TorchTaskProgram:
    """Build a task in PyTorch; answers ``speedscore.bench_suite.frameworks.program.TaskBuilder``.

    ``implementation`` offers ``make(task, prepare=..., device=...)``, which returns a ``TorchTask``. Raises
    DeviceUnavailable when PyTorch cannot use the device, ValueError for an unknown variant.
    """
    if variant not in VARIANTS:
        raise ValueError(f"unknown variant {variant!r} of PyTorch; there are {', '.join(VARIANTS)}")
    platform = find_platform(device, graphs=variant == "cudagraphs")
    torch.set_num_threads(threads)
    compiler = Compiler(variant, platform.compile_options)
    module = importlib.import_module(implementation)
    made: TorchTask = module.make(task, prepare=compiler.prepare, device=platform.device)
    return TorchTaskProgram(task, made, platform=platform, compiler=compiler)
