"""A workload as a JAX program: one compiled training step, or one compiled forward pass, over a model's pure functions.

Whatever library a model is written in, it supplies the functions of ``Model``; this module alone differentiates,
updates with optax, donates, compiles ahead of time and waits. It never knows what a model computes, and reads the
clock only around the stages of a compilation.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import jax
import numpy as np
import optax
from numpy.typing import NDArray

from bench_suite.frameworks.jax.observing import count_pool_threads, hash_program
from bench_suite.frameworks.jax.optimizer import make_optimizer
from bench_suite.frameworks.program import DeviceName, DeviceUnavailable, Phase
from bench_suite.measuring.timing import seconds
from bench_suite.workloads.workload import Weights, Workload

Scalar = str | int | float | bool | None
Tree = Any
"""A pytree whose leaves are arrays."""


@dataclasses.dataclass(frozen=True)
class Model:
    """One model as pure functions."""

    to_trees: Callable[[Weights, Weights], tuple[Tree, Tree]]
    """Canonical parameters and state (NumPy) → the model's own trees of them (NumPy)."""
    to_canonical: Callable[[Tree], Weights]
    """A tree of parameters, of gradients, or of state (NumPy leaves) → canonical names and layouts."""
    apply: Callable[[Tree, Tree, Any, bool], tuple[Any, Tree]]
    """(parameters, state, inputs, training) → (logits [..., classes], new state)."""
    description: dict[str, Scalar]
    """How it is computed: ``layout``, attention kernel, form of the convolutions."""


# Without annotations, or with fewer attributes than they have, in one release of JAX or another.
config: Any = jax.config
block_until_ready: Any = jax.block_until_ready

_finished_compilations = 0


def _count_compilation(event: str, *_: Any, **__: Any) -> None:
    global _finished_compilations
    if event.endswith("backend_compile_duration"):
        _finished_compilations += 1


# Registered once and for good: JAX 0.5 has no public way to take a listener away again.
jax.monitoring.register_event_duration_secs_listener(_count_compilation)


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
    """Answers ``bench_suite.frameworks.program.Program`` for any ``Model``."""

    def __init__(self, workload: Workload, model: Model, *, phase: Phase, device: Any, variant: str) -> None:
        """Put weights and batch on ``device``.

        Raises DeviceUnavailable when the arrays turn out to lie on another device.
        """
        # TF32 and bfloat16 passes would make float32 mean another thing here than elsewhere; convolutions obey it too.
        config.update("jax_default_matmul_precision", "highest")
        self._model = model
        self._device = device
        self._variant = variant
        self._optimizer, self._optimizer_text = make_optimizer(workload.optimizer)
        self._workload = workload
        self._trains = phase != "inference"
        batch = (workload.inputs(), workload.targets()) if self._trains else (workload.single_input(),)
        self._batch = self._put(batch)
        self._init_optimizer = jax.jit(self._optimizer.init)
        self._differentiate = jax.value_and_grad(self._evaluate, has_aux=True)
        # For the certificate alone, and so compiled only when it asks.
        self._examine = jax.jit(self._loss_logits_gradients)
        self._compiled: Any = None
        self._loss: Any = None
        self._logits: Any = None
        self.load()
        self._assert_placed()

    def load(self) -> None:
        # The old arrays go first, so that reloading never raises the peak.
        self._params = self._state = self._optimizer_state = self._loss = self._logits = None
        # Drawn again rather than kept: a copy on the host would stand in the memory that is measured.
        canonical = self._model.to_trees(self._workload.parameters(), self._workload.state())
        self._params, self._state = self._put(canonical)
        if self._trains:
            self._optimizer_state = self._init_optimizer(self._params)
        self.wait()

    def compile(self) -> dict[str, float]:
        """Trace, lower and compile the phase's own program.

        Raises RuntimeError when a training step does not write into the memory that it was given.
        """
        if self._trains:
            function = jax.jit(self._training_step, donate_argnums=(0, 1, 2))
            arguments = (self._params, self._state, self._optimizer_state, *self._batch)
        else:
            function = jax.jit(self._inference)
            arguments = (self._params, self._state, *self._batch)
        start = seconds()
        traced = function.trace(*arguments)
        trace_end = seconds()
        lowered = traced.lower()
        lower_end = seconds()
        self._compiled = lowered.compile()
        compile_end = seconds()
        if self._trains and not self._donated_bytes():
            raise RuntimeError(
                "the compiled training step aliases 0 bytes: expected its outputs to take over the donated parameters, "
                "state and optimizer state; check donate_argnums and that each output has the shape, dtype and layout "
                "of the input that it replaces"
            )
        return {
            "trace_seconds": trace_end - start,
            "lower_seconds": lower_end - trace_end,
            "backend_compile_seconds": compile_end - lower_end,
        }

    def step(self) -> None:
        self._params, self._state, self._optimizer_state, self._loss = self._compiled(
            self._params, self._state, self._optimizer_state, *self._batch
        )

    def infer(self) -> None:
        self._logits = self._compiled(self._params, self._state, *self._batch)

    def wait(self) -> None:
        block_until_ready(self._queued())

    def pending(self) -> bool:
        return not all(leaf.is_ready() for leaf in jax.tree.leaves(self._queued()))

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
        logits = self._examine(self._params, self._state, *self._batch)[1] if self._trains else self._logits
        return np.array(logits, dtype=np.float32)

    def loss_and_gradients(self) -> tuple[float, Weights]:
        loss, _, gradients = self._examine(self._params, self._state, *self._batch)
        return float(loss), self._read(gradients)

    def weights(self) -> Weights:
        return self._read(self._params) | self._read(self._state)

    def trained_count(self) -> int:
        return sum(leaf.size for leaf in jax.tree.leaves(self._params))

    def memory(self) -> dict[str, int]:
        """``static_plan_bytes`` = arguments + outputs − aliases + temporaries, once compiled.

        XLA's own ``peak_memory_in_bytes`` is not used: it leaves out temporaries on some platforms.
        """
        found: dict[str, int] = {}
        if self._compiled is not None and (plan := self._compiled.memory_analysis()) is not None:
            found["static_plan_bytes"] = (
                plan.argument_size_in_bytes
                + plan.output_size_in_bytes
                - plan.alias_size_in_bytes
                + plan.temp_size_in_bytes
            )
        if (stats := self._device.memory_stats()) is not None:
            found["allocator_peak_bytes"] = stats["peak_bytes_in_use"]
        return found

    def describe(self) -> dict[str, Scalar]:
        described: dict[str, Scalar] = {
            "platform": self._device.platform,
            "device_kind": self._device.device_kind,
            "threads": count_pool_threads(),
            "variant": self._variant or "jit",
            "matmul_precision": str(config.jax_default_matmul_precision),
            "jax": jax.__version__,
            "jaxlib": version("jaxlib"),
            "optax": version("optax"),
            **self._model.description,
        }
        if self._trains:
            described["optimizer"] = self._optimizer_text
        if self._compiled is not None:
            described["donated_bytes"] = self._donated_bytes()
            described["program_sha256"] = hash_program(self._compiled.as_text())
        return described

    def _training_step(self, params: Tree, state: Tree, optimizer_state: Tree, inputs: Any, targets: Any) -> Any:
        (loss, (_, state)), gradients = self._differentiate(params, state, inputs, targets)
        updates, optimizer_state = self._optimizer.update(gradients, optimizer_state, params)
        return optax.apply_updates(params, updates), state, optimizer_state, loss

    def _loss_logits_gradients(self, params: Tree, state: Tree, inputs: Any, targets: Any) -> tuple[Any, Any, Tree]:
        (loss, (logits, _)), gradients = self._differentiate(params, state, inputs, targets)
        return loss, logits, gradients

    def _evaluate(self, params: Tree, state: Tree, inputs: Any, targets: Any) -> tuple[Any, tuple[Any, Tree]]:
        logits, state = self._model.apply(params, state, inputs, True)
        # XLA folds the one-hot vectors into the sum; with integer labels the gradient is a scatter, which is slower.
        chosen = jax.nn.one_hot(targets, logits.shape[-1], dtype=logits.dtype)
        return optax.softmax_cross_entropy(logits, chosen).mean(), (logits, state)

    def _inference(self, params: Tree, state: Tree, inputs: Any) -> Any:
        return self._model.apply(params, state, inputs, False)[0]

    def _put(self, tree: Tree) -> Tree:
        # Donated memory is written over, so it must never be NumPy's own.
        return block_until_ready(jax.device_put(tree, self._device, may_alias=False))

    def _read(self, tree: Tree) -> Weights:
        return self._model.to_canonical(jax.tree.map(np.array, tree))

    def _queued(self) -> Tree:
        return (self._params, self._state, self._optimizer_state, self._loss, self._logits)

    def _donated_bytes(self) -> int:
        plan = self._compiled.memory_analysis()
        return 0 if plan is None else int(plan.alias_size_in_bytes)

    def _assert_placed(self) -> None:
        for leaf in jax.tree.leaves((self._queued(), self._batch)):
            if leaf.devices() != {self._device}:
                raise DeviceUnavailable(
                    f"expected every array on {self._device}, found one on {leaf.devices()}; check JAX_PLATFORMS"
                )


def build(workload: Workload, *, phase: Phase, device: DeviceName, variant: str, threads: int) -> JaxProgram:
    """Build a workload in raw JAX; answers ``bench_suite.frameworks.program.Builder``.

    ``threads`` cannot be set from here: XLA sizes its pool from the process's affinity or ``PJRT_NPROC`` when JAX is
    first used, and ``describe`` says what came of it. Raises DeviceUnavailable, and ValueError for a variant or a
    thread count that there is not.
    """
    if variant:
        raise ValueError(f"raw JAX has no variant {variant!r}; leave it empty")
    if threads < 1:
        raise ValueError(f"expected at least one thread, found {threads}")
    found = find_device(device)
    model = importlib.import_module(f"{__package__}.{workload.model}").make(workload, platform=device)
    return JaxProgram(workload, model, phase=phase, device=found, variant=variant)
