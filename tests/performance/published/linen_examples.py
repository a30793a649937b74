"""Published models in Flax Linen. Only the published side imports this."""

from __future__ import annotations

from typing import Any

import flax
import jax
import jax.numpy as jnp
from flax import linen

from speedscore.bench_suite.workloads.gpt import Gpt
from speedscore.bench_suite.workloads.mlp import Mlp
from speedscore.bench_suite.workloads.resnet50 import Resnet50
from tests.performance.published.jax_examples import EXACT_GELU, JaxExample, pure_example, settle
from tests.performance.published.rows import Row
from tests.performance.published.sources import find_source, load_source, origin_of


def linen_sequential(workload: Mlp, row: Row, threads: int) -> JaxExample:
    del row, threads
    settle()
    layers: list[Any] = []
    for _, outputs in workload.layer_sizes:
        layers += [linen.Dense(outputs), EXACT_GELU]
    model = linen.Sequential(layers[:-1])
    variables = jax.jit(model.init)(jax.random.key(0), workload.inputs())

    def apply(params: Any, state: Any, inputs: Any) -> tuple[Any, Any]:
        return model.apply({"params": params}, inputs), state

    return pure_example(f"flax {flax.__version__}, linen.Sequential", workload, variables["params"], {}, apply)


def lm1b(workload: Gpt, row: Row, threads: int) -> JaxExample:
    del threads
    settle()
    path = find_source(row.source)
    code = load_source(path, change=("nn.relu(", "nn.gelu("))
    model = code.TransformerLM(
        code.TransformerConfig(
            vocab_size=workload.vocabulary,
            output_vocab_size=workload.vocabulary,
            logits_via_embedding=True,
            dtype=jnp.float32,
            emb_dim=workload.width,
            num_heads=workload.heads,
            num_layers=workload.layers,
            qkv_dim=workload.width,
            mlp_dim=4 * workload.width,
            max_len=workload.context,
            dropout_rate=0.0,
            attention_dropout_rate=0.0,
            deterministic=True,
            posemb_init=linen.initializers.normal(0.02),
        )
    )
    # The axes' names, which only matter on several devices, are taken off as the example's utils.py does.
    params = linen.meta.unbox(jax.jit(model.init)(jax.random.key(0), workload.inputs())["params"])

    def apply(params: Any, state: Any, tokens: Any) -> tuple[Any, Any]:
        return model.apply({"params": params}, tokens), state

    return pure_example(f"{origin_of(path)}, TransformerLM", workload, params, {}, apply)


def imagenet(workload: Resnet50, row: Row, threads: int) -> JaxExample:
    del threads
    settle()
    path = find_source(row.source)
    # One device has no axis over which to average.
    code = load_source(path, change=("axis_name='batch'", "axis_name=None"))
    model = code.ResNet50(num_classes=workload.classes, num_filters=workload.width, dtype=jnp.float32)
    variables = jax.jit(model.init)(jax.random.key(0), workload.inputs())

    def apply(params: Any, state: Any, images: Any) -> tuple[Any, Any]:
        logits, updated = model.apply({"params": params, "batch_stats": state}, images, mutable=["batch_stats"])
        return logits, updated["batch_stats"]

    origin = f"{origin_of(path)}, ResNet50"
    return pure_example(origin, workload, variables["params"], variables["batch_stats"], apply)
