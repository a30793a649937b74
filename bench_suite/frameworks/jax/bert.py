"""The BERT form of encoder in raw JAX: post-norm blocks, fused query-key-value product, decoder tied to the embedding.

It holds no weights and computes no loss; see ``workloads/bert.py`` for names and shapes.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax

from speedscore.bench_suite.frameworks.jax.driver import PureModel
from speedscore.bench_suite.frameworks.jax.layers import attend, dense, normalise
from speedscore.bench_suite.frameworks.jax.precision import compute_type, describe_compute
from speedscore.bench_suite.workloads.bert import NORM_EPSILON, PADDING, Bert
from speedscore.bench_suite.workloads.fusing import fuse, split
from speedscore.bench_suite.workloads.workload import Weights
from speedscore.host.fields import Scalar


def make(workload: Bert, *, platform: str) -> PureModel:
    """The model's pure functions; they are the same on every platform."""
    del platform
    heads, compute = workload.heads, compute_type(workload.precision)
    norm = partial(normalise, epsilon=NORM_EPSILON)

    def apply(params: Any, state: Any, inputs: Any, training: bool) -> tuple[Any, Any]:
        """Tokens and segments [batch, 2, length] to logits [batch, length, vocabulary]."""
        del training
        tokens, segments = inputs[:, 0], inputs[:, 1]
        visible = (tokens != PADDING)[:, None, None, :]
        hidden = params["word.embedding"][tokens] + params["position.embedding"][: tokens.shape[1]]
        hidden = norm(params, "embed.ln", hidden + params["segment.embedding"][segments]).astype(compute)
        for index in range(workload.layers):
            layer = f"layer{index}"
            attended = attend(params, f"{layer}.attn", hidden, visible, heads=heads)
            hidden = norm(params, f"{layer}.attn.ln", hidden + dense(params, f"{layer}.attn.proj", attended))
            inner = jax.nn.gelu(dense(params, f"{layer}.mlp.fc", hidden), approximate=False)
            hidden = norm(params, f"{layer}.mlp.ln", hidden + dense(params, f"{layer}.mlp.proj", inner))
        hidden = jax.nn.gelu(dense(params, "head.dense", hidden), approximate=False)
        logits = norm(params, "head.ln", hidden) @ params["word.embedding"].astype(compute).T
        return logits + params["head.bias"].astype(compute), state

    def to_trees(parameters: Weights, state: Weights) -> tuple[Any, Any]:
        """Query, key and value side by side: kernel [D, 3D], bias [3D]."""
        return fuse(parameters), state

    description: dict[str, Scalar] = {"layout": "fused qkv", "attention": "unfused products and softmax"}
    return PureModel(to_trees, split, apply, description | describe_compute(workload.precision))
