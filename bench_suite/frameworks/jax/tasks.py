"""A task as a JAX program: one function of its arguments under ``jax.jit``.

A task's file gives a ``JaxTask``. This module alone jits it, queues its calls, waits for them and reads their results.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from importlib.metadata import version
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from speedscore.bench_suite.frameworks.jax.devices import block_until_ready, find_device, place, require_placed
from speedscore.bench_suite.frameworks.jax.driver import (
    Carry,
    Compiled,
    Tree,
    allocator_peak_bytes,
    compile_in_stages,
    read_memory,
)
from speedscore.bench_suite.frameworks.jax.observing import count_executable, count_pool_threads, hash_program
from speedscore.bench_suite.frameworks.jax.watching import cache_hits, config, steady_state
from speedscore.bench_suite.workloads.task import Arguments, Results, TaskWorkload
from speedscore.host.fields import Scalar
from speedscore.record.phases import DeviceName

Named = Mapping[str, Any]
"""Arrays on the device, by name."""


@dataclasses.dataclass(frozen=True)
class JaxTask:
    """One task as functions that can be traced."""

    start: Callable[[Named], tuple[Carry, Tree]]
    """The arguments → what a call takes and gives back changed, and what every call reads. Not jitted."""
    function: Callable[[Carry, Tree], tuple[Carry, Tree]]
    """(carry, what it reads) → (new carry, what it gives). Jitted, and the carry donated."""
    read: Callable[[Carry, Tree], Named]
    """The results by name, of the carry and of what a call gave. Not jitted."""
    description: dict[str, Scalar]
    """How it is computed."""
    counts: Callable[[], dict[str, int]] = dict
    """What can be counted of the task beside its compiled program, by metric."""

    @classmethod
    def pure(cls, function: Callable[[Named], Tree], description: dict[str, Scalar]) -> JaxTask:
        """A task whose calls leave nothing behind: arguments → results."""
        return cls(
            start=lambda arguments: ((), arguments),
            function=lambda carry, arguments: (carry, function(arguments)),
            read=lambda _, results: results,
            description=description,
        )


class JaxTaskProgram:
    """Answers ``speedscore.bench_suite.frameworks.program.TaskProgram``."""

    def __init__(self, workload: TaskWorkload, task: JaxTask, *, device: DeviceName) -> None:
        """Put the arguments on the device. Raises DeviceUnavailable when JAX has no such device."""
        self._device = find_device(device)
        # As for a model: float32 means float32 everywhere.
        config.update("jax_default_matmul_precision", "highest")
        self._task = task
        self._description: dict[str, Scalar] = {
            "jax": jax.__version__,
            "jaxlib": version("jaxlib"),
            "variant": "jit",
            **task.description,
        }
        self._compiled: Compiled | None = None
        self._compiling_bytes = 0
        self._call: Any = None
        self._carry: Any = None
        self._constants: Any = None
        self._given: Any = None
        self.feed(workload.arguments())
        require_placed(jax.tree.leaves(self._arguments), self._device)

    def feed(self, arguments: Arguments) -> None:
        self._arguments = place(arguments, self._device)
        self.load()

    def load(self) -> None:
        carry, self._constants = self._task.start(self._arguments)
        # The arguments outlive the carry, which a call writes over.
        self._carry, self._given = jax.tree.map(jnp.copy, carry), None
        self.wait()

    def compile(self) -> dict[str, float]:
        """Trace, lower and compile the function.

        Raises RuntimeError when a call does not write into the carry that it was given.
        """
        hits = cache_hits()
        jitted = jax.jit(self._task.function, donate_argnums=0)
        self._compiled = compile_in_stages(jitted, self._carry, self._constants)
        self._compiling_bytes = allocator_peak_bytes(self._device)
        self._description["compiled_from_cache"] = cache_hits() > hits
        self._call = self._compiled.call
        if jax.tree.leaves(self._carry) and not self._compiled.donated_bytes:
            raise RuntimeError(
                "the compiled call aliases 0 bytes: expected its outputs to take over the donated carry; check that "
                "each output has the shape and dtype of the input that it replaces"
            )
        return self._compiled.stages_seconds

    def call(self) -> None:
        self._carry, self._given = self._call(self._carry, self._constants)

    def wait(self) -> None:
        block_until_ready((self._carry, self._given))

    def pending(self) -> bool:
        return not all(leaf.is_ready() for leaf in jax.tree.leaves((self._carry, self._given)))

    def steady(self) -> AbstractContextManager[None]:
        return steady_state()

    def results(self) -> Results:
        if self._given is None:
            raise RuntimeError("there are no results before the first call; call call() first")
        read = self._task.read(self._carry, self._given)
        return {name: np.array(values, dtype=np.float32) for name, values in read.items()}

    def reset_peak(self) -> None:
        """JAX has no such call: ``memory`` leaves the peak out where compiling took more."""

    def memory(self) -> dict[str, int]:
        """As of a model's program."""
        return read_memory(self._compiled, self._device, compiling_bytes=self._compiling_bytes)

    def counts(self) -> dict[str, int]:
        if self._compiled is None:
            return {}
        own = {"exported_bytes": self._compiled.exported_bytes, **self._task.counts()}
        return count_executable(self._compiled.executable) | own

    def describe(self) -> dict[str, Scalar]:
        described: dict[str, Scalar] = {
            "platform": self._device.platform,
            "device_kind": self._device.device_kind,
            "threads": count_pool_threads(),
            "matmul_precision": str(config.jax_default_matmul_precision),
            **self._description,
        }
        if self._compiled is not None:
            described["donated_bytes"] = self._compiled.donated_bytes
            described["program_sha256"] = hash_program(self._compiled.executable.as_text())
        return described


def build(task: TaskWorkload, *, implementation: str, device: DeviceName, variant: str, threads: int) -> JaxTaskProgram:
    """Build a task in JAX; answers ``speedscore.bench_suite.frameworks.program.TaskBuilder``.

    ``implementation`` offers ``make(task, platform=...)``, which returns a ``JaxTask``. Raises DeviceUnavailable, and
    ValueError for a variant that there is not.
    """
    del threads  # as for a model: XLA sizes its pool from the process's affinity
    if variant:
        raise ValueError(f"tasks in JAX have no variant {variant!r}; leave it empty")
    made: JaxTask = importlib.import_module(implementation).make(task, platform=device)
    return JaxTaskProgram(task, made, device=device)
