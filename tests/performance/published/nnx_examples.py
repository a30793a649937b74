"""Published models in Flax NNX, in the loops of its documentation. Only the published side imports this."""

from __future__ import annotations

from typing import Any

import flax
import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax.sharding import reshard

from speedscore.bench_suite.frameworks.jax.optimizer import make_optimizer
from speedscore.bench_suite.workloads.gpt import Gpt
from speedscore.bench_suite.workloads.mlp import Mlp
from speedscore.bench_suite.workloads.workload import Workload
from tests.performance.published.jax_examples import EXACT_GELU, JaxExample, count, settle
from tests.performance.published.rows import Row
from tests.performance.published.sources import find_source, load_notebook_classes, origin_of

# Without annotations in one release of JAX or another.
PartitionSpec: Any = jax.sharding.PartitionSpec


def _objective(model: Any, inputs: Any, targets: Any) -> Any:
    return optax.softmax_cross_entropy_with_integer_labels(model(inputs), targets).mean()


def _in_place(model: Any, optimizer: Any, inputs: Any, targets: Any) -> Any:
    """The step that the documentation hands to ``nnx.jit``."""
    loss, gradients = nnx.value_and_grad(_objective)(model, inputs, targets)
    optimizer.update(model, gradients)
    return loss


def _example(origin: str, workload: Workload, model: Any, batch: tuple[Any, Any], *, split: bool) -> JaxExample:
    optimizer = nnx.Optimizer(model, make_optimizer(workload.optimizer)[0], wrt=nnx.Param)
    # Dropout off, were there any.
    model.eval()
    parameters = count(nnx.state(model, nnx.Param))
    if split:
        graph, state = nnx.split((model, optimizer))

        def step(state: Any, inputs: Any, targets: Any) -> tuple[Any, Any]:
            model, optimizer = nnx.merge(graph, state)
            loss = _in_place(model, optimizer, inputs, targets)
            return nnx.state((model, optimizer)), loss

        jitted = jax.jit(step, donate_argnums=0)
        return JaxExample(origin, parameters=parameters, step=jitted, carry=state, batch=batch)

    in_place: Any = nnx.jit(_in_place, donate_argnums=(0, 1))

    def call(carry: Any, inputs: Any, targets: Any) -> tuple[Any, Any]:
        return carry, in_place(*carry, inputs, targets)

    return JaxExample(origin, parameters=parameters, step=call, carry=(model, optimizer), batch=batch)


def _sequential(workload: Mlp, *, split: bool) -> JaxExample:
    settle()
    rngs = nnx.Rngs(0)
    layers: list[Any] = []
    for inputs, outputs in workload.layer_sizes:
        layers += [nnx.Linear(inputs, outputs, rngs=rngs), EXACT_GELU]
    batch = jax.device_put((workload.inputs(), workload.targets()))
    origin = f"flax {flax.__version__}, nnx.Sequential"
    return _example(origin, workload, nnx.Sequential(*layers[:-1]), batch, split=split)


def nnx_sequential(workload: Mlp, row: Row, threads: int) -> JaxExample:
    del row, threads
    return _sequential(workload, split=False)


def nnx_sequential_split(workload: Mlp, row: Row, threads: int) -> JaxExample:
    del row, threads
    return _sequential(workload, split=True)


def _minigpt(workload: Gpt, row: Row, *, split: bool) -> JaxExample:
    settle()
    path = find_source(row.source)
    names = {"jax": jax, "jnp": jnp, "nnx": nnx, "P": PartitionSpec, "reshard": reshard}
    code = load_notebook_classes(path, names, change=("nnx.relu", "nnx.gelu"))
    jax.set_mesh(jax.make_mesh((1, 1), ("batch", "model")))
    model = code.MiniGPT(
        maxlen=workload.context,
        vocab_size=workload.vocabulary,
        embed_dim=workload.width,
        num_heads=workload.heads,
        feed_forward_dim=4 * workload.width,
        num_transformer_blocks=workload.layers,
        rngs=nnx.Rngs(0),
    )
    batch = jax.device_put((workload.inputs(), workload.targets()), PartitionSpec("batch", None))
    return _example(f"{origin_of(path)}, MiniGPT", workload, model, batch, split=split)


def minigpt(workload: Gpt, row: Row, threads: int) -> JaxExample:
    del threads
    return _minigpt(workload, row, split=False)


def minigpt_split(workload: Gpt, row: Row, threads: int) -> JaxExample:
    del threads
    return _minigpt(workload, row, split=True)
