"""A workload as a JAX program: one compiled training step, or one compiled forward pass, of a library's driver.

Whatever library a model is written in, this module alone queues its calls, waits for them and reads their results. It
never knows what a model computes, nor how its library jits it, and reads the clock only around what makes the
optimizer's state.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import jax
import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.frameworks.jax.devices import Placement, block_until_ready
from speedscore.bench_suite.frameworks.jax.driver import (
    Carry,
    Compiled,
    Driver,
    Loss,
    Tree,
    allocator_peak_bytes,
    make_loss,
    read_memory,
)
from speedscore.bench_suite.frameworks.jax.observing import count_executable, count_pool_threads, hash_program
from speedscore.bench_suite.frameworks.jax.optimizer import make_optimizer
from speedscore.bench_suite.frameworks.jax.precision import observe_products, set_product_precision
from speedscore.bench_suite.frameworks.jax.watching import cache_hits, config, steady_state
from speedscore.bench_suite.frameworks.profiling import MarkStep
from speedscore.bench_suite.workloads.workload import Array, Weights, Workload
from speedscore.host.clock import seconds
from speedscore.host.fields import Scalar
from speedscore.record.phases import FLOAT32, Role


class DriveModel(Protocol):
    """Makes the driver of a model, from an optax optimizer and a loss."""

    def __call__(self, *, optimizer: Any, loss: Loss) -> Driver: ...


class JaxProgram:
    """Answers ``speedscore.bench_suite.frameworks.program.Program`` for any ``Driver``."""

    def __init__(
        self,
        workload: Workload,
        make_driver: DriveModel,
        *,
        role: Role,
        placement: Placement,
        packages: tuple[str, ...],
    ) -> None:
        """Put weights and batch in their places. ``packages`` are those whose versions are recorded beside JAX's.

        Raises DeviceUnavailable when the arrays turn out to lie elsewhere.
        """
        self._placement = placement
        self._device = placement.device
        set_product_precision(workload.precision)
        optimizer, optimizer_text = make_optimizer(workload.optimizer)
        targets = workload.targets()
        self._driver = make_driver(optimizer=optimizer, loss=make_loss(some_ignored=bool((targets < 0).any())))
        self._workload = workload
        self._trains = role == "training"
        self._description: dict[str, Scalar] = {
            "jax": jax.__version__,
            **{package: version(package) for package in ("jaxlib", "optax", *packages)},
            **self._driver.description,
        }
        if self._trains:
            # A driver with an optimizer of its own has said which.
            self._description.setdefault("optimizer", optimizer_text)
        self.feed(workload.single_input() if role == "inference" else workload.inputs(), targets)
        self._compiled: Compiled | None = None
        self._compiling_bytes = 0
        self._call: Any = None
        self._carry: Any = None
        self._loss: Any = None
        self._logits: Any = None
        self._was_loaded = False
        self._optimizer_state_seconds: float | None = None
        self.load()
        placement.require((*self._queued(), *self._batch))

    @property
    def carry(self) -> Carry:
        """Model, state and optimizer state as they are now, in whatever form the library keeps them."""
        return self._carry

    @property
    def arrays(self) -> tuple[list[Any], list[Any], list[Any]]:
        """The parameters, all that a step takes and gives back, which they are part of, and the batch."""
        params, _ = self._driver.parts(self._carry)
        carried = [leaf for leaf in jax.tree.leaves(self._carry) if isinstance(leaf, jax.Array)]
        return jax.tree.leaves(params), carried, list(self._batch)

    def resume(self, carry: Carry) -> None:
        """Go on from a carry that ``carry`` once gave, here or in another process."""
        self._carry = carry

    @property
    def executable(self) -> Any:
        """The ``jax.stages.Compiled`` of the role's own function. Raises RuntimeError before ``compile``."""
        if self._compiled is None:
            raise RuntimeError("nothing is compiled yet; call compile() first")
        return self._compiled.executable

    def feed(self, inputs: Array, targets: NDArray[np.int32]) -> None:
        self._batch = self._placement.put_batch((inputs, targets) if self._trains else (inputs,))
        block_until_ready(self._batch)

    def load(self) -> None:
        # The old arrays go first, so that reloading never raises the peak.
        self._carry = self._loss = self._logits = None
        # Drawn again rather than kept: a copy on the host would stand in the memory that is measured.
        trees = self._placement.put_weights(
            self._driver.to_trees(self._workload.parameters(), self._workload.state()), self._driver
        )
        block_until_ready([leaf for leaf in jax.tree.leaves(trees) if isinstance(leaf, jax.Array)])
        start = seconds()
        self._carry = self._placement.start(self._driver, trees, trains=self._trains)
        self.wait()
        if self._trains and not self._was_loaded:
            # What makes it is compiled too, and would else warm the compiler up before the clock starts.
            self._optimizer_state_seconds = seconds() - start
        self._was_loaded = True

    def compile(self) -> dict[str, float]:
        """Trace, lower and compile the role's own function, after ``optimizer_state_seconds`` where it trains.

        Raises RuntimeError when a training step does not write into the memory that it was given.
        """
        compile_it = self._driver.compile_step if self._trains else self._driver.compile_pass
        hits = cache_hits()
        self._compiled = compile_it(self._carry, *self._batch)
        self._compiling_bytes = allocator_peak_bytes(self._device)
        self._description["compiled_from_cache"] = cache_hits() > hits
        # Looked up once: a step is to pay for the library's own work in Python and for none of ours.
        self._call = self._compiled.call
        if self._trains and not self._compiled.donated_bytes:
            raise RuntimeError(
                "the compiled training step aliases 0 bytes: expected its outputs to take over the donated parameters, "
                "state and optimizer state; check donate_argnums and that each output has the shape, dtype and layout "
                "of the input that it replaces"
            )
        optimizer_state_seconds, self._optimizer_state_seconds = self._optimizer_state_seconds, None
        before = {} if optimizer_state_seconds is None else {"optimizer_state_seconds": optimizer_state_seconds}
        return before | self._compiled.stages_seconds

    def step(self) -> None:
        self._carry, self._loss = self._call(self._carry, *self._batch)

    def infer(self) -> None:
        self._logits = self._call(self._carry, *self._batch)

    def predictor(self) -> Callable[[Any], Any]:
        """The forward pass at the present weights, which can be traced: inputs [any batch, …] → logits."""
        driver, carry = self._driver, self._carry
        return lambda inputs: driver.predict(carry, inputs)

    def wait(self) -> None:
        if self._logits is None:
            block_until_ready(self._queued())
        else:
            # As a user does: to list and to ask every parameter, too, took 7.6 % of the latency of a small model.
            self._logits.block_until_ready()

    def pending(self) -> bool:
        return not all(leaf.is_ready() for leaf in self._queued())

    def steady(self) -> AbstractContextManager[None]:
        return steady_state()

    def loss(self) -> float:
        if self._loss is None:
            raise RuntimeError("there is no loss before the first step; call step() first")
        return float(self._loss)

    def forward(self) -> NDArray[np.float32]:
        logits = self._driver.examine(self._carry, *self._batch)[1] if self._trains else self._logits
        return self._placement.read(logits).astype(np.float32, copy=False)

    def loss_and_gradients(self) -> tuple[float, Weights]:
        loss, _, gradients = self._driver.examine(self._carry, *self._batch)
        return float(loss), self._read(gradients)

    def weights(self) -> Weights:
        params, state = self._driver.parts(self._carry)
        return self._read(params) | self._read(state)

    def trained_count(self) -> int:
        return sum(leaf.size for leaf in jax.tree.leaves(self._driver.parts(self._carry)[0]))

    def dispatch(self) -> Callable[[], None]:
        hollow, carry = self._driver.compile_hollow_step(self._carry, *self._batch)
        call = hollow.call

        def once() -> None:
            nonlocal carry
            carry, _ = call(carry, *self._batch)

        return once

    def reset_peak(self) -> None:
        """JAX has no such call: ``memory`` leaves the peak out where compiling took more."""

    def memory(self) -> dict[str, int]:
        """``static_plan_bytes`` once compiled; ``allocator_peak_bytes`` where it is known of the steps."""
        return read_memory(self._compiled, self._device, compiling_bytes=self._compiling_bytes)

    def counts(self) -> dict[str, int]:
        if self._compiled is None:
            return {}
        return count_executable(self._compiled.executable) | {"exported_bytes": self._compiled.exported_bytes}

    def profiling(self, folder: Path) -> AbstractContextManager[MarkStep]:
        from speedscore.bench_suite.frameworks.jax.profiling import jax_profile

        return jax_profile(folder)

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
            text = self._compiled.executable.as_text()
            described["program_sha256"] = hash_program(text)
            if self._workload.precision != FLOAT32:
                described["product_types"] = observe_products(text)
        return described

    def _read(self, tree: Tree) -> Weights:
        return self._driver.to_canonical(jax.tree.map(self._placement.read, tree))

    def _queued(self) -> list[Any]:
        """Every array that a call may still be writing: of a pass its logits, of a step all that it updates."""
        if self._logits is not None:
            return [self._logits]
        # Some libraries keep functions and numbers among the leaves of a model.
        leaves = jax.tree.leaves((self._carry, self._loss))
        return [leaf for leaf in leaves if isinstance(leaf, jax.Array)]
