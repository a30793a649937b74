"""A workload as a JAX program: one compiled training step, or one compiled forward pass, of a library's driver.

Whatever library a model is written in, this module alone places arrays, compiles ahead of time, waits, and guards the
steady state. It never knows what a model computes, nor how its library jits it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.frameworks.jax.driver import Compiled, Driver, Loss, PureDriver, Scalar, Tree, make_loss
from speedscore.bench_suite.frameworks.jax.observing import count_executable, count_pool_threads, hash_program
from speedscore.bench_suite.frameworks.jax.optimizer import make_optimizer
from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.workloads.workload import Weights, Workload
from speedscore.record.phases import DeviceName, Role

MakeDriver = Callable[[Any, Loss], Driver]
"""(optax optimizer, loss) → the driver of a model."""

# Without annotations, or with fewer attributes than they have, in one release of JAX or another.
config: Any = jax.config
block_until_ready: Any = jax.block_until_ready

_finished_compilations = 0
_cache_hits = 0


def _count_compilation(event: str, *_: Any, **__: Any) -> None:
    global _finished_compilations
    if event.endswith("backend_compile_duration"):
        _finished_compilations += 1


def _count_cache_hit(event: str, **_: Any) -> None:
    global _cache_hits
    if event.endswith("compilation_cache/cache_hits"):
        _cache_hits += 1


# Registered once and for good: JAX 0.5 has no public way to take a listener away again.
jax.monitoring.register_event_duration_secs_listener(_count_compilation)
jax.monitoring.register_event_listener(_count_cache_hit)


def find_device(name: DeviceName) -> Any:
    """The first device of that platform.

    Raises DeviceUnavailable, which names the version of JAX and the platforms that it found.
    """
    try:
        return jax.devices(name)[0]
    except RuntimeError as error:
        found = ", ".join(sorted({device.platform for device in jax.devices()}))
        raise DeviceUnavailable(
            f"JAX {jax.__version__} was asked for a {name} and found {found} only; install the jaxlib plugin for that "
            f"device and check its driver ({str(error).splitlines()[0]})"
        ) from error


class JaxProgram:
    """Answers ``speedscore.bench_suite.frameworks.program.Program`` for any ``Driver``."""

    def __init__(
        self, workload: Workload, make_driver: MakeDriver, *, role: Role, device: DeviceName, packages: tuple[str, ...]
    ) -> None:
        """Put weights and batch on the device. ``packages`` are those whose versions are recorded beside JAX's.

        Raises DeviceUnavailable when JAX has no such device, or when the arrays turn out to lie on another one.
        """
        self._device = find_device(device)
        # TF32 and bfloat16 passes would make float32 mean another thing here than elsewhere; convolutions obey it too.
        config.update("jax_default_matmul_precision", "highest")
        optimizer, self._optimizer_text = make_optimizer(workload.optimizer)
        targets = workload.targets()
        self._driver = make_driver(optimizer, make_loss(some_ignored=bool((targets < 0).any())))
        self._workload = workload
        self._packages = packages
        self._trains = role == "training"
        if self._trains:
            self._batch = self._put((workload.inputs(), targets))
        else:
            self._batch = self._put((workload.single_input() if role == "inference" else workload.inputs(),))
        self._compiled: Compiled | None = None
        self._from_cache = False
        self._call: Any = None
        self._carry: Any = None
        self._loss: Any = None
        self._logits: Any = None
        self.load()
        self._assert_placed()

    def load(self) -> None:
        # The old arrays go first, so that reloading never raises the peak.
        self._carry = self._loss = self._logits = None
        # Drawn again rather than kept: a copy on the host would stand in the memory that is measured.
        params, state = self._put(self._driver.to_trees(self._workload.parameters(), self._workload.state()))
        self._carry = self._driver.start(params, state, trains=self._trains)
        self.wait()

    def compile(self) -> dict[str, float]:
        """Trace, lower and compile the role's own function.

        Raises RuntimeError when a training step does not write into the memory that it was given.
        """
        compile_it = self._driver.compile_step if self._trains else self._driver.compile_pass
        hits = _cache_hits
        self._compiled = compile_it(self._carry, *self._batch)
        self._from_cache = _cache_hits > hits
        self._call = self._compiled.call
        if self._trains and not self._donated_bytes():
            raise RuntimeError(
                "the compiled training step aliases 0 bytes: expected its outputs to take over the donated parameters, "
                "state and optimizer state; check donate_argnums and that each output has the shape, dtype and layout "
                "of the input that it replaces"
            )
        return self._compiled.stages_seconds

    def step(self) -> None:
        self._carry, self._loss = self._call(self._carry, *self._batch)

    def infer(self) -> None:
        self._logits = self._call(self._carry, *self._batch)

    def wait(self) -> None:
        block_until_ready(self._queued())

    def pending(self) -> bool:
        return not all(leaf.is_ready() for leaf in self._queued())

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Raises RuntimeError on a trace or a compilation, and JAX's own error on a transfer.

        JAX does not see a read of an array that already lies in host memory, so on the host's own platform only
        copies towards the device are refused.
        """
        before = _finished_compilations
        tracing_was_refused = config.jax_no_tracing
        config.update("jax_no_tracing", True)
        try:
            with jax.transfer_guard("disallow_explicit"):
                yield
        finally:
            config.update("jax_no_tracing", tracing_was_refused)
        if (compilations := _finished_compilations - before) > 0:
            raise RuntimeError(
                f"{compilations} compilations ran where none was expected; compile before the steady state begins"
            )

    def loss(self) -> float:
        if self._loss is None:
            raise RuntimeError("there is no loss before the first step; call step() first")
        return float(self._loss)

    def forward(self) -> NDArray[np.float32]:
        logits = self._driver.examine(self._carry, *self._batch)[1] if self._trains else self._logits
        return np.array(logits, dtype=np.float32)

    def loss_and_gradients(self) -> tuple[float, Weights]:
        loss, _, gradients = self._driver.examine(self._carry, *self._batch)
        return float(loss), self._read(gradients)

    def weights(self) -> Weights:
        params, state = self._driver.parts(self._carry)
        return self._read(params) | self._read(state)

    def trained_count(self) -> int:
        return sum(leaf.size for leaf in jax.tree.leaves(self._driver.parts(self._carry)[0]))

    def dispatch(self) -> Callable[[], None]:
        call, carry = self._driver.compile_hollow_step(self._carry, *self._batch)

        def once() -> None:
            nonlocal carry
            carry, loss = call(carry, *self._batch)
            block_until_ready(loss)

        return once

    def memory(self) -> dict[str, int]:
        """``static_plan_bytes`` = arguments + outputs − aliases + temporaries, once compiled.

        XLA's own ``peak_memory_in_bytes`` is not used: it leaves out temporaries on some platforms.
        """
        found: dict[str, int] = {}
        if self._compiled is not None and (plan := self._compiled.executable.memory_analysis()) is not None:
            found["static_plan_bytes"] = (
                plan.argument_size_in_bytes
                + plan.output_size_in_bytes
                - plan.alias_size_in_bytes
                + plan.temp_size_in_bytes
            )
        if (stats := self._device.memory_stats()) is not None:
            found["allocator_peak_bytes"] = stats["peak_bytes_in_use"]
        return found

    def counts(self) -> dict[str, int]:
        if self._compiled is None:
            return {}
        return count_executable(self._compiled.executable) | {"exported_bytes": self._compiled.exported_bytes}

    def describe(self) -> dict[str, Scalar]:
        described: dict[str, Scalar] = {
            "platform": self._device.platform,
            "device_kind": self._device.device_kind,
            "threads": count_pool_threads(),
            "matmul_precision": str(config.jax_default_matmul_precision),
            "jax": jax.__version__,
            **{package: version(package) for package in ("jaxlib", "optax", *self._packages)},
            **self._driver.description,
        }
        if self._trains:
            described["optimizer"] = self._optimizer_text
        if self._compiled is not None:
            described["compiled_from_cache"] = self._from_cache
            described["donated_bytes"] = self._donated_bytes()
            described["program_sha256"] = hash_program(self._compiled.executable.as_text())
        return described

    def _put(self, tree: Tree) -> Tree:
        # Donated memory is written over, so it must never be NumPy's own.
        return block_until_ready(jax.device_put(tree, self._device, may_alias=False))

    def _read(self, tree: Tree) -> Weights:
        return self._driver.to_canonical(jax.tree.map(np.array, tree))

    def _queued(self) -> list[Any]:
        """Every array that a call may still be writing."""
        # Some libraries keep functions and numbers among the leaves of a model.
        leaves = jax.tree.leaves((self._carry, self._loss, self._logits))
        return [leaf for leaf in leaves if isinstance(leaf, jax.Array)]

    def _donated_bytes(self) -> int:
        plan = self._compiled.executable.memory_analysis() if self._compiled else None
        return 0 if plan is None else int(plan.alias_size_in_bytes)

    def _assert_placed(self) -> None:
        for leaf in (*self._queued(), *self._batch):
            if leaf.devices() != {self._device}:
                raise DeviceUnavailable(
                    f"expected every array on {self._device}, found one on {leaf.devices()}; check JAX_PLATFORMS"
                )


def build(
    workload: Workload, *, implementation: str, role: Role, device: DeviceName, variant: str, threads: int
) -> JaxProgram:
    """Build a workload in raw JAX; answers ``speedscore.bench_suite.frameworks.program.Builder``.

    ``implementation`` offers ``make(workload, platform=...)``, which returns a ``driver.Model``. ``threads`` cannot be
    set from here: XLA sizes its pool from the process's affinity or ``PJRT_NPROC`` when JAX is first used, and
    ``describe`` says what came of it. Raises DeviceUnavailable, and ValueError for a variant that there is not.
    """
    if variant:
        raise ValueError(f"raw JAX has no variant {variant!r}; leave it empty")
    del threads
    model = importlib.import_module(implementation).make(workload, platform=device)

    def make_driver(optimizer: Any, loss: Loss) -> Driver:
        return PureDriver(model, optimizer=optimizer, loss=loss, variant="jit")

    return JaxProgram(workload, make_driver, role=role, device=device, packages=())
