"""What the published sides of all JAX libraries share, and JAX's own example library. It waits and never measures.

Each library draws its weights and applies its model; the step around it is the one of its documentation, with optax,
and donates what it replaces, whether or not the example does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np
import optax
from jax.example_libraries import stax as untyped_stax

from speedscore.bench_suite.frameworks.jax.optimizer import make_optimizer
from speedscore.bench_suite.workloads.mlp import FEATURES, Mlp
from speedscore.bench_suite.workloads.workload import Workload
from tests.performance.published.rows import Row

EXACT_GELU = partial(jax.nn.gelu, approximate=False)

# Without annotations in one release of JAX or another.
config: Any = jax.config
block_until_ready: Any = jax.block_until_ready
stax: Any = untyped_stax


class JaxExample:
    """A step that takes and gives back a carry: (carry, inputs, targets) → (carry, loss)."""

    def __init__(
        self,
        origin: str,
        *,
        parameters: int,
        step: Callable[..., Any],
        carry: Any,
        batch: tuple[Any, Any],
    ) -> None:
        self.origin = origin
        self.parameters = parameters
        self._step = step
        self._carry = carry
        self._batch = batch
        self._loss: Any = None

    def step(self) -> None:
        self._carry, self._loss = self._step(self._carry, *self._batch)

    def wait(self) -> None:
        block_until_ready((self._carry, self._loss))

    def loss(self) -> float:
        return float(self._loss)


def settle() -> None:
    """As our side does; to be called before anything else of JAX."""
    config.update("jax_default_matmul_precision", "highest")


def count(tree: Any) -> int:
    """Scalars in a tree of arrays."""
    return sum(leaf.size for leaf in jax.tree.leaves(tree))


def device_batch(workload: Workload) -> tuple[Any, Any]:
    inputs, targets = jax.device_put((workload.inputs(), workload.targets()))
    return inputs, targets


def one_hot_loss(logits: Any, targets: Any) -> Any:
    """Mean cross-entropy as the examples of Flax and Haiku write it."""
    return optax.softmax_cross_entropy(logits, jax.nn.one_hot(targets, logits.shape[-1])).mean()


def pure_example(
    origin: str, workload: Workload, params: Any, state: Any, apply: Callable[[Any, Any, Any], tuple[Any, Any]]
) -> JaxExample:
    """The step of a library of pure functions. ``apply``: (params, state, inputs) → (logits, new state)."""
    optimizer = make_optimizer(workload.optimizer)[0]

    def objective(params: Any, state: Any, inputs: Any, targets: Any) -> tuple[Any, Any]:
        logits, state = apply(params, state, inputs)
        return one_hot_loss(logits, targets), state

    def step(carry: Any, inputs: Any, targets: Any) -> tuple[Any, Any]:
        params, state, optimizer_state = carry
        (loss, state), gradients = jax.value_and_grad(objective, has_aux=True)(params, state, inputs, targets)
        updates, optimizer_state = optimizer.update(gradients, optimizer_state, params)
        return (optax.apply_updates(params, updates), state, optimizer_state), loss

    return JaxExample(
        origin,
        parameters=count(params),
        step=jax.jit(step, donate_argnums=0),
        carry=(params, state, jax.jit(optimizer.init)(params)),
        batch=device_batch(workload),
    )


def stax_mlp(workload: Mlp, row: Row, threads: int) -> JaxExample:
    del row, threads
    settle()
    layers: list[Any] = []
    for _, outputs in workload.layer_sizes:
        layers += [stax.Dense(outputs), stax.elementwise(EXACT_GELU)]
    init, apply = stax.serial(*layers[:-1])
    _, params = init(jax.random.key(0), (workload.batch, FEATURES))

    def apply_it(params: Any, state: Any, inputs: Any) -> tuple[Any, Any]:
        return apply(params, inputs), state

    return pure_example(f"jax {jax.__version__}, example_libraries.stax", workload, params, np.float32(0), apply_it)
