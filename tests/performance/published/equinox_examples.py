"""Published models in Equinox, in the loop of its documentation. Only the published side imports this."""

# Where Equinox is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any

import equinox
import jax
import jax.numpy as jnp
import jaxtyping
import optax

from speedscore.bench_suite.frameworks.jax.optimizer import make_optimizer
from speedscore.bench_suite.workloads.bert import SEGMENTS, Bert
from speedscore.bench_suite.workloads.mlp import CLASSES, FEATURES, Mlp
from speedscore.bench_suite.workloads.workload import Workload
from tests.performance.published.jax_examples import EXACT_GELU, JaxExample, count, device_batch, settle
from tests.performance.published.rows import Row
from tests.performance.published.sources import find_source, load_notebook_classes, origin_of

# Without annotations in one release of Equinox or another.
filter_jit: Any = equinox.filter_jit
filter_value_and_grad: Any = equinox.filter_value_and_grad


def _example(origin: str, workload: Workload, model: Any, objective: Callable[[Any, Any, Any], Any]) -> JaxExample:
    optimizer = make_optimizer(workload.optimizer)[0]

    def step(batch: Any, model: Any, optimizer_state: Any) -> tuple[Any, Any, Any]:
        loss, gradients = filter_value_and_grad(objective)(model, *batch)
        trained = equinox.filter(model, equinox.is_array)
        updates, optimizer_state = optimizer.update(gradients, optimizer_state, trained)
        return equinox.apply_updates(model, updates), optimizer_state, loss

    jitted = filter_jit(step, donate="all-except-first")

    def call(carry: Any, inputs: Any, targets: Any) -> tuple[Any, Any]:
        model, optimizer_state, loss = jitted((inputs, targets), *carry)
        return (model, optimizer_state), loss

    trained = equinox.filter(model, equinox.is_array)
    carry = model, optimizer.init(trained)
    return JaxExample(origin, parameters=count(trained), step=call, carry=carry, batch=device_batch(workload))


def equinox_mlp(workload: Mlp, row: Row, threads: int) -> JaxExample:
    del row, threads
    settle()
    model = equinox.nn.MLP(
        in_size=FEATURES,
        out_size=CLASSES,
        width_size=workload.width,
        depth=workload.hidden_layers,
        activation=EXACT_GELU,
        key=jax.random.key(0),
    )

    def objective(model: Any, inputs: Any, targets: Any) -> Any:
        return optax.softmax_cross_entropy_with_integer_labels(jax.vmap(model)(inputs), targets).mean()

    return _example(f"equinox {equinox.__version__}, nn.MLP", workload, model, objective)


class MaskedModel(equinox.Module):
    """The notebook's encoder under the head that its classifier lacks; tokens and segments [2, length] to logits."""

    encoder: Any
    dense: Any
    norm: Any
    bias: Any

    def __init__(self, encoder: Any, workload: Bert, key: Any) -> None:
        self.encoder = encoder
        self.dense = equinox.nn.Linear(workload.width, workload.width, key=key)
        self.norm = equinox.nn.LayerNorm(workload.width)
        self.bias = jnp.zeros((workload.vocabulary,))

    def __call__(self, example: Any) -> Any:
        tokens, segments = example
        positions = jnp.arange(tokens.shape[0])
        hidden = self.encoder(token_ids=tokens, position_ids=positions, segment_ids=segments)["layers"][-1]
        hidden = jax.vmap(self.norm)(EXACT_GELU(jax.vmap(self.dense)(hidden)))
        return hidden @ self.encoder.embedder_block.token_embedder.weight.T + self.bias


def bert_notebook(workload: Bert, row: Row, threads: int) -> JaxExample:
    del threads
    settle()
    path = find_source(row.source)
    names: dict[str, object] = {"jax": jax, "jnp": jnp, "eqx": equinox}
    names |= {name: getattr(jaxtyping, name) for name in ("Array", "Float", "Int")}
    names |= {name: getattr(typing, name) for name in ("Dict", "List", "Mapping", "Optional")}
    encoder_key, head_key = jax.random.split(jax.random.key(0))
    change = "jax.nn.gelu(hidden)", "jax.nn.gelu(hidden, approximate=False)"
    encoder = load_notebook_classes(path, names, change=change).Encoder(
        vocab_size=workload.vocabulary,
        max_length=workload.context,
        type_vocab_size=SEGMENTS,
        embedding_size=workload.width,
        hidden_size=workload.width,
        intermediate_size=4 * workload.width,
        num_layers=workload.layers,
        num_heads=workload.heads,
        dropout_rate=0.0,
        attention_dropout_rate=0.0,
        key=encoder_key,
    )

    def objective(model: Any, inputs: Any, targets: Any) -> Any:
        within = targets >= 0
        logits = jax.vmap(model)(inputs)
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, jnp.where(within, targets, 0))
        return (losses * within).sum() / within.sum()

    return _example(f"{origin_of(path)}, Encoder", workload, MaskedModel(encoder, workload, head_key), objective)
