"""The GPT-2 form of transformer in raw JAX: pre-norm blocks, fused query-key-value product, head tied to the embedding.

It holds no weights and computes no loss; see ``workloads/gpt.py`` for names and shapes.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from speedscore.bench_suite.frameworks.jax.driver import PureModel
from speedscore.bench_suite.frameworks.jax.layers import attend, dense, normalise
from speedscore.bench_suite.frameworks.jax.precision import compute_type, describe_compute
from speedscore.bench_suite.workloads.fusing import fuse, split
from speedscore.bench_suite.workloads.gpt import NORM_EPSILON, Gpt
from speedscore.bench_suite.workloads.workload import Weights
from speedscore.host.fields import Scalar


def make(workload: Gpt, *, platform: str) -> PureModel:
    """The model's pure functions; they are the same on every platform."""
    del platform
    heads, compute = workload.heads, compute_type(workload.precision)
    norm = partial(normalise, epsilon=NORM_EPSILON)

    def apply(params: Any, state: Any, tokens: Any, training: bool) -> tuple[Any, Any]:
        """Tokens [batch, length] to logits [batch, length, vocabulary]."""
        del training
        length = tokens.shape[1]
        visible = jnp.tril(jnp.ones((length, length), dtype=bool))
        hidden = (params["wte.embedding"][tokens] + params["wpe.embedding"][:length]).astype(compute)
        for index in range(workload.layers):
            block = f"block{index}"
            attended = attend(params, f"{block}.attn", norm(params, f"{block}.ln1", hidden), visible, heads=heads)
            hidden = hidden + dense(params, f"{block}.attn.proj", attended)
            inner = dense(params, f"{block}.mlp.fc", norm(params, f"{block}.ln2", hidden))
            hidden = hidden + dense(params, f"{block}.mlp.proj", jax.nn.gelu(inner, approximate=True))
        return norm(params, "ln_f", hidden) @ params["wte.embedding"].astype(compute).T, state

    def to_trees(parameters: Weights, state: Weights) -> tuple[Any, Any]:
        """Query, key and value side by side: kernel [D, 3D], bias [3D]."""
        return fuse(parameters), state

    description: dict[str, Scalar] = {"layout": "fused qkv", "attention": "unfused products and softmax"}
    return PureModel(to_trees, split, apply, description | describe_compute(workload.precision))
