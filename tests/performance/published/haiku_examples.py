"""Published models in Haiku. Only the published side imports this."""

from __future__ import annotations

from typing import Any

import haiku
import jax

from speedscore.bench_suite.workloads.gpt import Gpt
from speedscore.bench_suite.workloads.mlp import Mlp
from speedscore.bench_suite.workloads.resnet50 import BN_DECAY, Resnet50
from speedscore.bench_suite.workloads.workload import Workload
from tests.performance.published.jax_examples import EXACT_GELU, JaxExample, pure_example, settle
from tests.performance.published.rows import Row
from tests.performance.published.sources import find_source, load_source, origin_of

_NO_MASK = -1
"""A padding token that no input holds."""


def _example(origin: str, workload: Workload, function: Any) -> JaxExample:
    transformed = haiku.transform_with_state(function)
    key = jax.random.key(0)
    params, state = jax.jit(transformed.init)(key, workload.inputs())

    def apply(params: Any, state: Any, inputs: Any) -> tuple[Any, Any]:
        # Where there is dropout, its rate is zero: the key is asked for and not used.
        logits, state = transformed.apply(params, state, key, inputs)
        return logits, state

    return pure_example(origin, workload, params, state, apply)


def haiku_mlp(workload: Mlp, row: Row, threads: int) -> JaxExample:
    del row, threads
    settle()
    sizes = [outputs for _, outputs in workload.layer_sizes]
    origin = f"dm-haiku {haiku.__version__}, nets.MLP"
    return _example(origin, workload, lambda inputs: haiku.nets.MLP(sizes, activation=EXACT_GELU)(inputs))


def transformer(workload: Gpt, row: Row, threads: int) -> JaxExample:
    del threads
    settle()
    path = find_source(row.source)
    code = load_source(path)

    def forward(tokens: Any) -> Any:
        stack = code.Transformer(
            num_heads=workload.heads,
            num_layers=workload.layers,
            attn_size=workload.width // workload.heads,
            dropout_rate=0.0,
        )
        model = code.LanguageModel(
            transformer=stack, model_size=workload.width, vocab_size=workload.vocabulary, pad_token=_NO_MASK
        )
        return model(tokens)

    return _example(f"{origin_of(path)}, LanguageModel", workload, forward)


def haiku_resnet50(workload: Resnet50, row: Row, threads: int) -> JaxExample:
    del row, threads
    settle()

    def forward(images: Any) -> Any:
        model = haiku.nets.ResNet50(workload.classes, resnet_v2=False, bn_config={"decay_rate": BN_DECAY})
        return model(images, is_training=True)

    return _example(f"dm-haiku {haiku.__version__}, nets.ResNet50", workload, forward)
