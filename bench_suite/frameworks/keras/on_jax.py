"""How Keras' users write a training loop in JAX: ``stateless_call`` and ``stateless_apply`` in a jitted step.

It answers the same ``Driver`` as the libraries on JAX do, so that one ``JaxProgram`` measures them all. It never waits,
never looks at a device, and never reads a clock.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import jax

from speedscore.bench_suite.frameworks.jax.devices import OneDevice, find_device
from speedscore.bench_suite.frameworks.jax.driver import (
    Carry,
    Compiled,
    Loss,
    Tree,
    compile_hollow_step,
    compile_in_stages,
)
from speedscore.bench_suite.frameworks.jax.jax_program import JaxProgram
from speedscore.bench_suite.frameworks.keras.layout import KerasModel, to_canonical, to_own
from speedscore.bench_suite.frameworks.keras.loss import make_loss
from speedscore.bench_suite.frameworks.keras.optimizer import make_optimizer
from speedscore.bench_suite.workloads.workload import Weights, Workload
from speedscore.host.fields import Scalar
from speedscore.record.phases import DeviceName, Role


def build(
    workload: Workload, *, implementation: str, role: Role, device: DeviceName, threads: int, way: str
) -> JaxProgram:
    """As ``speedscore.bench_suite.frameworks.program.Builder``; ``threads`` cannot be set from here."""
    del threads, way
    model: KerasModel = importlib.import_module(implementation).make(workload)
    make_driver = partial(KerasDriver, workload, model)
    placement = OneDevice(find_device(device))
    return JaxProgram(workload, make_driver, role=role, placement=placement, packages=("keras",))


class KerasDriver:
    """Answers ``speedscore.bench_suite.frameworks.jax.driver.Driver`` with lists of arrays, as Keras' guide has them.

    A carry is the values of the trained variables, of the others, and of the optimizer's; None where it never trains.
    """

    def __init__(self, workload: Workload, model: KerasModel, *, optimizer: Any, loss: Loss) -> None:
        del optimizer, loss
        self._model = model
        self._module = model.module
        self._loss = make_loss(workload)
        self._make_optimizer = partial(make_optimizer, workload.optimizer)
        self._optimizer, text = self._make_optimizer()
        self._differentiate = jax.value_and_grad(self._evaluate, has_aux=True)
        self._examine = jax.jit(self._differentiate)
        self.description: dict[str, Scalar] = {
            "variant": "keras on JAX: stateless_call and stateless_apply under jax.jit",
            "optimizer": text,
            **model.description,
        }

    def to_trees(self, parameters: Weights, state: Weights) -> tuple[Tree, Tree]:
        return to_own(parameters), to_own(state)

    def to_canonical(self, tree: Tree) -> Weights:
        return to_canonical(tree)

    def start(self, params: Tree, state: Tree, *, trains: bool) -> Carry:
        # Keras' variables take over the arrays: they would else hold another copy of the model beside the carry.
        for variable, value in self._variables(params, state):
            variable.assign(value)
        values = [variable.value for variable in self._module.trainable_variables]
        others = [variable.value for variable in self._module.non_trainable_variables]
        if not trains:
            return values, others, None
        self._optimizer = self._make_optimizer()[0]
        self._optimizer.build(self._module.trainable_variables)
        return values, others, [variable.value for variable in self._optimizer.variables]

    def _variables(self, params: Tree, state: Tree) -> Iterator[tuple[Any, Any]]:
        for variables, values in ((self._model.parameters, params), (self._model.state, state)):
            for name, variable in variables.items():
                yield variable, values[name]

    def parts(self, carry: Carry) -> tuple[Tree, Tree]:
        return self._named(carry[0]), dict(zip(self._model.state, carry[1], strict=True))

    def compile_step(self, carry: Carry, inputs: Any, targets: Any) -> Compiled:
        return compile_in_stages(jax.jit(self._step, donate_argnums=0), carry, inputs, targets)

    def compile_pass(self, carry: Carry, inputs: Any) -> Compiled:
        return compile_in_stages(jax.jit(self.predict), carry, inputs)

    def predict(self, carry: Carry, inputs: Any) -> Any:
        return self._module.stateless_call(carry[0], carry[1], inputs, training=False)[0]

    def examine(self, carry: Carry, inputs: Any, targets: Any) -> tuple[Any, Any, Tree]:
        (loss, (logits, _)), gradients = self._examine(carry[0], carry[1], inputs, targets)
        return loss, logits, self._named(gradients)

    def compile_hollow_step(self, carry: Carry, inputs: Any, targets: Any) -> tuple[Compiled, Carry]:
        return compile_hollow_step(carry, inputs, targets)

    def _step(self, carry: Carry, inputs: Any, targets: Any) -> tuple[Carry, Any]:
        values, others, of_optimizer = carry
        (loss, (_, others)), gradients = self._differentiate(values, others, inputs, targets)
        values, of_optimizer = self._optimizer.stateless_apply(of_optimizer, gradients, values)
        return (values, others, of_optimizer), loss

    def _evaluate(self, values: Tree, others: Tree, inputs: Any, targets: Any) -> tuple[Any, tuple[Any, Tree]]:
        logits, others = self._module.stateless_call(values, others, inputs, training=True)
        return self._loss(logits, targets), (logits, others)

    def _named(self, values: Iterable[Any]) -> Tree:
        return dict(zip(self._model.parameters, values, strict=True))
