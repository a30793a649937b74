"""How Equinox's users train: the module itself is the tree, ``eqx.filter_jit`` jits over it, optax updates it.

What is called in every step is the jitted function as a user calls it, with all that it does in Python; compiling ahead
of time only fills its cache. A driver never waits, but ``eqx.filter_jit`` does: it returns when the step is done.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.sharding import NamedSharding

from speedscore.bench_suite.frameworks.equinox.layout import fill_model, fill_state, outline, to_canonical
from speedscore.bench_suite.frameworks.jax.driver import Carry, Compiled, Loss, Tree, one_element
from speedscore.bench_suite.frameworks.jax.observing import count_exported_bytes
from speedscore.bench_suite.workloads.workload import Weights
from speedscore.host.clock import seconds
from speedscore.host.fields import Scalar

# Without annotations.
PartitionSpec: Any = jax.sharding.PartitionSpec


@dataclasses.dataclass(frozen=True)
class EquinoxModel:
    """One model as an Equinox module."""

    make: Callable[[Any], Any]
    """(PRNG key) → the module, every array of it a trained parameter and its state in ``eqx.nn.StateIndex``."""
    apply: Callable[[Any, Any, Any, bool], tuple[Any, Any]]
    """(module, ``eqx.nn.State``, batch of inputs, training) → (logits [..., classes], new state)."""
    description: dict[str, Scalar]
    """How it is computed: ``layout``, attention kernel, form of the convolutions."""


class EquinoxDriver:
    """Answers ``speedscore.bench_suite.frameworks.jax.driver.Driver``; a carry is module, state and optimizer state."""

    def __init__(self, model: EquinoxModel, *, optimizer: Any, loss: Loss) -> None:
        self._model = model
        self._optimizer = optimizer
        self._loss = loss
        self._module, self._state = outline(model.make)
        # For the certificate alone, and so compiled only when it asks.
        self._examine = eqx.filter_jit(self._loss_logits_gradients)
        self.description: dict[str, Scalar] = {"variant": "filter_jit", **model.description}

    def to_trees(self, parameters: Weights, state: Weights) -> tuple[Tree, Tree]:
        return fill_model(self._module, parameters), fill_state(self._module, self._state, state)

    def to_canonical(self, tree: Tree) -> Weights:
        return to_canonical(self._module, tree)

    def start(self, params: Tree, state: Tree, *, trains: bool) -> Carry:
        if not trains:
            return params, state, None
        initial = eqx.filter_jit(self._optimizer.init)(eqx.filter(params, eqx.is_inexact_array))
        # What depends on no argument is committed to no device, but what a step gives back is: the second step would
        # be compiled anew.
        return params, state, jax.device_put(initial, jax.tree.leaves(params)[0].sharding)

    def start_sharded(self, params: Tree, state: Tree) -> Carry:
        # Not under jit, as the parameters' places would be lost; the counts of steps are scalars, and are everywhere.
        initial = self._optimizer.init(eqx.filter(params, eqx.is_inexact_array))
        everywhere = NamedSharding(jax.tree.leaves(params)[0].sharding.mesh, PartitionSpec())
        return params, state, jax.tree.map(lambda x: x if x.ndim else jax.device_put(x, everywhere), initial)

    def parts(self, carry: Carry) -> tuple[Tree, Tree]:
        return carry[0], carry[1]

    def compile_step(self, carry: Carry, inputs: Any, targets: Any) -> Compiled:
        return self._compile_step(self._step, carry, inputs, targets)

    def compile_pass(self, carry: Carry, inputs: Any) -> Compiled:
        @eqx.filter_jit(donate="none")
        def evaluate(module: Any, state: Any, inputs: Any) -> Any:
            return self.predict((module, state), inputs)

        def call(carry: Carry, inputs: Any) -> Any:
            return evaluate(carry[0], carry[1], inputs)

        return _compile_in_stages(evaluate, (carry[0], carry[1], inputs), call)

    def predict(self, carry: Carry, inputs: Any) -> Any:
        return self._model.apply(carry[0], carry[1], inputs, False)[0]

    def examine(self, carry: Carry, inputs: Any, targets: Any) -> tuple[Any, Any, Tree]:
        loss, logits, gradients = self._examine(carry[0], carry[1], (inputs, targets))
        return loss, logits, gradients

    def compile_hollow_step(self, carry: Carry, inputs: Any, targets: Any) -> tuple[Compiled, Carry]:
        def step(batch: Any, module: Any, state: Any, optimizer_state: Any) -> Any:
            del batch
            return module, state, optimizer_state, jnp.float32(0)

        hollow = jax.tree.map(one_element, carry)
        return self._compile_step(step, hollow, inputs, targets), hollow

    def _compile_step(self, function: Any, carry: Carry, inputs: Any, targets: Any) -> Compiled:
        # The batch comes first, because it alone is used again.
        step = eqx.filter_jit(function, donate="all-except-first")

        def call(carry: Carry, inputs: Any, targets: Any) -> tuple[Carry, Any]:
            *carry, loss = step((inputs, targets), *carry)
            return carry, loss

        return _compile_in_stages(step, ((inputs, targets), *carry), call)

    def _step(self, batch: Any, module: Any, state: Any, optimizer_state: Any) -> Any:
        (loss, (_, state)), gradients = self._differentiate(module, state, batch)
        params = eqx.filter(module, eqx.is_inexact_array)
        updates, optimizer_state = self._optimizer.update(gradients, optimizer_state, params)
        return eqx.apply_updates(module, updates), state, optimizer_state, loss

    def _loss_logits_gradients(self, module: Any, state: Any, batch: Any) -> tuple[Any, Any, Tree]:
        (loss, (logits, _)), gradients = self._differentiate(module, state, batch)
        return loss, logits, gradients

    def _differentiate(self, module: Any, state: Any, batch: Any) -> Any:
        @eqx.filter_value_and_grad(has_aux=True)
        def evaluate(module: Any, state: Any, batch: Any) -> tuple[Any, Any]:
            inputs, targets = batch
            logits, state = self._model.apply(module, state, inputs, True)
            return self._loss(logits, targets), (logits, state)

        return evaluate(module, state, batch)


def _compile_in_stages(function: Any, arguments: tuple[Any, ...], call: Callable[..., Any]) -> Compiled:
    """Lower and compile what ``eqx.filter_jit`` made, timing each; ``call`` finds it compiled."""
    start = seconds()
    lowered = function.lower(*arguments)
    lower_end = seconds()
    executable = lowered.compile().compiled
    stages_seconds = {
        # Equinox traces and lowers in one call.
        "trace_and_lower_seconds": lower_end - start,
        "backend_compile_seconds": seconds() - lower_end,
    }
    return Compiled(call, executable, stages_seconds, exported_bytes=count_exported_bytes(lowered.lowered))
