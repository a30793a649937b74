"""How NNX's users train and call a module: in place under ``nnx.jit``, or as dictionaries of arrays under ``jax.jit``.

``JitDriver`` is the first way; the second is ``nnx.merge`` inside a pure function, which ``PureDriver`` drives as it
does raw JAX's. This module never waits, never looks at a device, and never reads a clock.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from speedscore.bench_suite.frameworks.flax_nnx import layout
from speedscore.bench_suite.frameworks.jax import driver
from speedscore.bench_suite.frameworks.jax.driver import Compiled, Loss, Tree, compile_in_stages, one_element
from speedscore.bench_suite.workloads.fusing import split
from speedscore.host.fields import Scalar

Optimizer = Any
"""An ``nnx.Optimizer``."""
Differentiate = Callable[[nnx.Module, Any, Any], tuple[Any, Any, Any]]
"""(model, inputs, targets) → loss, logits, gradients; it moves the model's running statistics."""


class Carry:
    """A model and its optimizer, None where it never trains; steps change both in place.

    As a tree it is the arrays that their variables hold at present.
    """

    def __init__(self, model: nnx.Module, optimizer: Optimizer | None) -> None:
        self.model = model
        self.optimizer = optimizer
        leaves = jax.tree.leaves((model, optimizer), is_leaf=_is_variable)
        self.variables = [leaf for leaf in leaves if _is_variable(leaf)]


def _is_variable(node: Any) -> bool:
    return isinstance(node, nnx.Variable)


def _list_arrays(carry: Carry) -> tuple[list[Any], None]:
    return [variable.get_raw_value() for variable in carry.variables], None


def _refuse(*_: Any) -> Carry:
    raise TypeError("a carry's arrays can be listed, but no carry is made of arrays")


# A module is a tree itself, but to list 320 arrays through it took 2 ms, and through the variables 0.02 ms. Every call
# whose latency is measured is waited for, and what the waiting costs is not the library's.
jax.tree_util.register_pytree_node(Carry, _list_arrays, _refuse)


class JitDriver:
    """Answers ``speedscore.bench_suite.frameworks.jax.driver.Driver`` as Flax's guides train: ``nnx.jit`` over objects.

    What is called is ``nnx.jit``'s own compiled object. It walks the modules in Python at every call, at the same cost
    as the function that ``nnx.jit`` returns; that one would trace once more, in its first call.
    """

    def __init__(self, model: layout.NnxModel, *, optimizer: Any, loss: Loss) -> None:
        self._structure, self._abstract = layout.outline(model)
        self._optimizer = optimizer
        self._differentiate = _make_differentiate(loss)
        # For the certificate alone, and so compiled only when it asks.
        self._examine = nnx.jit(self._differentiate)
        self.description: dict[str, Scalar] = {"variant": "nnx.jit, in place", **model.description}
        self.to_trees = layout.to_trees
        self.to_canonical = split

    def start(self, params: Tree, state: Tree, *, trains: bool) -> Carry:
        model = nnx.merge(self._structure, layout.fill(self._abstract, params | state))
        if not trains:
            model.eval()
            return Carry(model, None)
        model.train()
        return Carry(model, nnx.Optimizer(model, self._optimizer, wrt=nnx.Param))

    def start_sharded(self, params: Tree, state: Tree) -> Carry:
        # nnx.Optimizer is not made under jit: its arrays lie as the parameters do.
        return self.start(params, state, trains=True)

    def parts(self, carry: Carry) -> tuple[Tree, Tree]:
        params, state = nnx.state(carry.model, nnx.Param, nnx.BatchStat)
        return layout.read(params), layout.read(state)

    def compile_step(self, carry: Carry, inputs: Any, targets: Any) -> Compiled:
        differentiate = self._differentiate

        def train_step(model: nnx.Module, optimizer: Optimizer, inputs: Any, targets: Any) -> Any:
            loss, _, gradients = differentiate(model, inputs, targets)
            optimizer.update(model, gradients)
            return loss

        return _compile_in_place(train_step, carry, inputs, targets)

    def compile_pass(self, carry: Carry, inputs: Any) -> Compiled:
        def predict(model: nnx.Module, inputs: Any) -> Any:
            return model(inputs)

        # nnx.jit gives back the whole module, so without a donation every call would copy all of its arrays. The carry
        # holds them still: they come back into its variables.
        compiled = compile_in_stages(nnx.jit(predict, donate_argnums=0), carry.model, inputs)
        return dataclasses.replace(compiled, call=lambda carry, inputs: compiled.call(carry.model, inputs))

    def predict(self, carry: Carry, inputs: Any) -> Any:
        return carry.model(inputs)

    def examine(self, carry: Carry, inputs: Any, targets: Any) -> tuple[Any, Any, Tree]:
        # It moves the running statistics of a copy.
        loss, logits, gradients = self._examine(nnx.clone(carry.model), inputs, targets)
        return loss, logits, layout.read(gradients)

    def compile_hollow_step(self, carry: Carry, inputs: Any, targets: Any) -> tuple[Compiled, Carry]:
        def train_step(model: nnx.Module, optimizer: Optimizer, inputs: Any, targets: Any) -> Any:
            # nnx.jit gives back the whole of both, whether or not something in them was changed.
            del model, optimizer, inputs, targets
            return jnp.float32(0)

        hollow = Carry(*jax.tree.map(one_element, (carry.model, carry.optimizer)))
        return _compile_in_place(train_step, hollow, inputs, targets), hollow


def make_pure_driver(model: layout.NnxModel, *, optimizer: Any, loss: Loss) -> driver.Driver:
    """The module as a pure function of its arrays by name, all of them donated, and optax upon these."""
    # The host's share of a training step of the smoke GPT, as a multiple of raw JAX's, in two runs: nnx.jit 25 to 60,
    # its tree mode 17 to 27, nnx.cached_partial 8 to 11, nnx.merge of nnx.State 4 to 7, nnx.jit_partial 2, nnx.merge
    # of dictionaries 1.1 to 1.2.
    structure, abstract = layout.outline(model)

    def apply(params: Tree, state: Tree, inputs: Any, training: bool) -> tuple[Any, Tree]:
        module = nnx.merge(structure, layout.fill(abstract, params | state))
        if not training:
            module.eval()
            return module(inputs), state
        module.train()
        logits = module(inputs)
        return logits, layout.read(nnx.state(module, nnx.BatchStat))

    pure = driver.PureModel(layout.to_trees, split, apply, model.description)
    variant = "nnx.merge of dictionaries under jax.jit"
    return driver.PureDriver(pure, optimizer=optimizer, loss=loss, variant=variant)


def _make_differentiate(loss: Loss) -> Differentiate:
    def differentiate(model: nnx.Module, inputs: Any, targets: Any) -> tuple[Any, Any, Any]:
        def evaluate(model: nnx.Module) -> tuple[Any, Any]:
            logits = model(inputs)
            return loss(logits, targets), logits

        (value, logits), gradients = nnx.value_and_grad(evaluate, has_aux=True)(model)
        return value, logits, gradients

    return differentiate


def _compile_in_place(train_step: Callable[..., Any], carry: Carry, inputs: Any, targets: Any) -> Compiled:
    """Compile a step that changes model and optimizer in place, ahead of its first call."""
    compiled = compile_in_stages(
        nnx.jit(train_step, donate_argnums=(0, 1)), carry.model, carry.optimizer, inputs, targets
    )

    def call(carry: Carry, inputs: Any, targets: Any) -> tuple[Carry, Any]:
        return carry, compiled.call(carry.model, carry.optimizer, inputs, targets)

    return dataclasses.replace(compiled, call=call)
