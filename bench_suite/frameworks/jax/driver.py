"""How a JAX library's users hold a model and jit a step of it: what ``JaxProgram`` leaves to each library.

``PureDriver`` serves every library whose model is a pure function of trees (raw JAX, Linen, Haiku); libraries with a
jit of their own write their own driver. A driver never waits, never looks at a device, and reads the clock only around
the stages of a compilation.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import optax

from speedscore.bench_suite.frameworks.jax.observing import count_exported_bytes
from speedscore.bench_suite.workloads.workload import Weights
from speedscore.host.clock import seconds
from speedscore.host.fields import Scalar

Tree = Any
"""A pytree whose leaves are arrays."""
Carry = Any
"""What a step takes and gives back: model, state and optimizer state, in whatever form the library keeps them."""
Loss = Callable[[Any, Any], Any]
"""(logits [..., classes], targets [...]) → mean loss, a scalar."""


@dataclasses.dataclass(frozen=True)
class PureModel:
    """One model as pure functions."""

    to_trees: Callable[[Weights, Weights], tuple[Tree, Tree]]
    """Canonical parameters and state (NumPy) → the model's own trees of them (NumPy)."""
    to_canonical: Callable[[Tree], Weights]
    """A tree of parameters, of gradients, or of state (NumPy leaves) → canonical names and layouts."""
    apply: Callable[[Tree, Tree, Any, bool], tuple[Any, Tree]]
    """(parameters, state, inputs, training) → (logits [..., classes], new state)."""
    description: dict[str, Scalar]
    """How it is computed: ``layout``, attention kernel, form of the convolutions."""


@dataclasses.dataclass(frozen=True)
class Compiled:
    """A function compiled ahead of its first call."""

    call: Callable[..., Any]
    """What is called every time, with the arguments that it was compiled for."""
    executable: Any
    """The ``jax.stages.Compiled`` behind it: its text and its plan of memory."""
    stages_seconds: dict[str, float]
    """``trace_seconds``, ``lower_seconds``, ``backend_compile_seconds``; the first two as one where they are one."""
    exported_bytes: int
    """Length of the program as XLA gets it, StableHLO in text."""

    @property
    def donated_bytes(self) -> int:
        """Bytes of the arguments that the results take over; 0 where the platform has no plan of its memory."""
        plan = self.executable.memory_analysis()
        return 0 if plan is None else int(plan.alias_size_in_bytes)

    @property
    def planned_bytes(self) -> int | None:
        """Arguments + outputs − aliases + temporaries; None where the platform has no plan of its memory.

        XLA's own ``peak_memory_in_bytes`` is not used: it leaves out temporaries on some platforms.
        """
        plan = self.executable.memory_analysis()
        if plan is None:
            return None
        planned: int = (
            plan.argument_size_in_bytes + plan.output_size_in_bytes - plan.alias_size_in_bytes + plan.temp_size_in_bytes
        )
        return planned


class Driver(Protocol):
    """One model in one library."""

    @property
    def description(self) -> dict[str, Scalar]:
        """How it is computed and driven; ``variant`` among it."""
        ...

    def to_trees(self, parameters: Weights, state: Weights) -> tuple[Tree, Tree]:
        """As in ``PureModel``."""
        ...

    def to_canonical(self, tree: Tree) -> Weights:
        """As in ``PureModel``."""
        ...

    def start(self, params: Tree, state: Tree, *, trains: bool) -> Carry:
        """What the first step takes, from trees on the device; with a fresh optimizer state where it trains."""
        ...

    def parts(self, carry: Carry) -> tuple[Tree, Tree]:
        """Parameters and state of a carry, in the form of ``to_trees``."""
        ...

    def compile_step(self, carry: Carry, inputs: Any, targets: Any) -> Compiled:
        """The training step: (carry, inputs, targets) → (carry, loss). It donates the carry."""
        ...

    def compile_pass(self, carry: Carry, inputs: Any) -> Compiled:
        """The forward pass in evaluation mode: (carry, inputs) → logits. It donates nothing."""
        ...

    def predict(self, carry: Carry, inputs: Any) -> Any:
        """The forward pass in evaluation mode as a function that can be traced: (carry, inputs) → logits."""
        ...

    def examine(self, carry: Carry, inputs: Any, targets: Any) -> tuple[Any, Any, Tree]:
        """Loss, logits and gradients in training mode, the gradients in the form of the parameters. Jitted."""
        ...

    def compile_hollow_step(self, carry: Carry, inputs: Any, targets: Any) -> tuple[Compiled, Carry]:
        """The training step with its computation left out, and the carry that it takes.

        The same jit, donation and tree, of arrays of one element. Each comes back as it is, in the memory that was
        donated, and the loss is a constant: XLA has nothing to compute.
        """
        ...


class ShardingDriver(Driver, Protocol):
    """One whose training step several devices can share."""

    def start_sharded(self, params: Tree, state: Tree) -> Carry:
        """As ``start`` for training, where each array lies over several devices: the optimizer's lie as they do."""
        ...


class PureDriver:
    """Answers ``Driver`` for a model of pure functions: ``jax.jit`` over trees, all of them donated."""

    def __init__(self, model: PureModel, *, optimizer: Any, loss: Loss, variant: str) -> None:
        self._model = model
        self._optimizer = optimizer
        self._loss = loss
        self._init_optimizer = jax.jit(optimizer.init)
        self._differentiate = jax.value_and_grad(self._evaluate, has_aux=True)
        # For the certificate alone, and so compiled only when it asks.
        self._examine = jax.jit(self._loss_logits_gradients)
        self.description: dict[str, Scalar] = {"variant": variant, **model.description}
        self.to_trees = model.to_trees
        self.to_canonical = model.to_canonical

    def start(self, params: Tree, state: Tree, *, trains: bool) -> Carry:
        return params, state, self._init_optimizer(params) if trains else None

    def start_sharded(self, params: Tree, state: Tree) -> Carry:
        # Under jit an optimizer's zeros follow from no argument, and would not be shared out as the parameters are.
        return params, state, self._optimizer.init(params)

    def parts(self, carry: Carry) -> tuple[Tree, Tree]:
        return carry[0], carry[1]

    def compile_step(self, carry: Carry, inputs: Any, targets: Any) -> Compiled:
        return compile_in_stages(jax.jit(self._step, donate_argnums=0), carry, inputs, targets)

    def compile_pass(self, carry: Carry, inputs: Any) -> Compiled:
        return compile_in_stages(jax.jit(self.predict), carry, inputs)

    def predict(self, carry: Carry, inputs: Any) -> Any:
        return self._model.apply(carry[0], carry[1], inputs, False)[0]

    def examine(self, carry: Carry, inputs: Any, targets: Any) -> tuple[Any, Any, Tree]:
        loss, logits, gradients = self._examine(carry[0], carry[1], inputs, targets)
        return loss, logits, gradients

    def compile_hollow_step(self, carry: Carry, inputs: Any, targets: Any) -> tuple[Compiled, Carry]:
        return compile_hollow_step(carry, inputs, targets)

    def _step(self, carry: Carry, inputs: Any, targets: Any) -> tuple[Carry, Any]:
        params, state, optimizer_state = carry
        (loss, (_, state)), gradients = self._differentiate(params, state, inputs, targets)
        updates, optimizer_state = self._optimizer.update(gradients, optimizer_state, params)
        return (optax.apply_updates(params, updates), state, optimizer_state), loss

    def _loss_logits_gradients(self, params: Tree, state: Tree, inputs: Any, targets: Any) -> tuple[Any, Any, Tree]:
        (loss, (logits, _)), gradients = self._differentiate(params, state, inputs, targets)
        return loss, logits, gradients

    def _evaluate(self, params: Tree, state: Tree, inputs: Any, targets: Any) -> tuple[Any, tuple[Any, Tree]]:
        logits, state = self._model.apply(params, state, inputs, True)
        return self._loss(logits, targets), (logits, state)


def compile_hollow_step(carry: Carry, inputs: Any, targets: Any) -> tuple[Compiled, Carry]:
    """``Driver.compile_hollow_step`` of a step that is jitted whole and takes its carry as one argument."""

    def step(carry: Carry, inputs: Any, targets: Any) -> tuple[Carry, Any]:
        del inputs, targets
        return carry, jnp.float32(0)

    hollow = jax.tree.map(one_element, carry)
    return compile_in_stages(jax.jit(step, donate_argnums=0), hollow, inputs, targets), hollow


def one_element(leaf: Any) -> Any:
    """A new array of one element, on the device and of the type of ``leaf``."""
    return jax.device_put(jnp.zeros((1,), leaf.dtype), leaf.sharding)


def allocator_peak_bytes(device: Any) -> int:
    """The highest that the device's allocator has held in this process; 0 where it does not count."""
    stats = device.memory_stats()
    return 0 if stats is None else int(stats["peak_bytes_in_use"])


def read_memory(compiled: Compiled | None, device: Any, *, compiling_bytes: int) -> dict[str, int]:
    """``static_plan_bytes`` once compiled; ``allocator_peak_bytes`` where running has raised it above
    ``compiling_bytes``, what it was when the compiler was done.

    XLA tries kernels on the device while it compiles, in memory of the same allocator, whose peak cannot be reset: what
    lies below that says nothing of the steps (142 MiB on an H100, of five programs that need 14 to 47).
    """
    memory: dict[str, int] = {}
    if compiled is not None and (planned := compiled.planned_bytes) is not None:
        memory["static_plan_bytes"] = planned
    if (peak := allocator_peak_bytes(device)) > compiling_bytes:
        memory["allocator_peak_bytes"] = peak
    return memory


def compile_in_stages(function: Any, *arguments: Any) -> Compiled:
    """Trace, lower and compile a jitted function for these arguments, timing each."""
    start = seconds()
    traced = function.trace(*arguments)
    trace_end = seconds()
    lowered = traced.lower()
    lower_end = seconds()
    executable = lowered.compile()
    stages_seconds = {
        "trace_seconds": trace_end - start,
        "lower_seconds": lower_end - trace_end,
        "backend_compile_seconds": seconds() - lower_end,
    }
    return Compiled(executable, executable, stages_seconds, exported_bytes=count_exported_bytes(lowered))


def make_loss(*, some_ignored: bool) -> Loss:
    """Mean softmax cross-entropy over all targets, or where ``some_ignored`` over those that are not negative;
    in float32.
    """

    def losses(logits: Any, targets: Any) -> Any:
        logits = logits.astype(jnp.float32)
        # XLA folds the one-hot vectors into the sum; with integer labels the gradient is a scatter, which is slower.
        # The vector of a negative target is all zeros, and so is its loss.
        chosen = jax.nn.one_hot(targets, logits.shape[-1], dtype=logits.dtype)
        return optax.softmax_cross_entropy(logits, chosen)

    if some_ignored:
        return lambda logits, targets: losses(logits, targets).sum() / (targets >= 0).sum()
    return lambda logits, targets: losses(logits, targets).mean()
