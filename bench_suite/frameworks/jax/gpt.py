"""The GPT-2 form of transformer in raw JAX: pre-norm blocks, fused query-key-value product, head tied to the embedding.

It holds no weights and computes no loss; see ``workloads/gpt.py`` for names and shapes.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from bench_suite.frameworks.jax.program import Model
from bench_suite.workloads.gpt import NORM_EPSILON, Gpt
from bench_suite.workloads.workload import Weights

_PARTS = ("query", "key", "value")


def make(workload: Gpt, *, platform: str) -> Model:
    """The model's pure functions; they are the same on every platform."""
    del platform
    heads = workload.heads

    def apply(params: Any, state: Any, tokens: Any, training: bool) -> tuple[Any, Any]:
        """Tokens [batch, length] to logits [batch, length, vocabulary]."""
        del training
        hidden = params["wte.embedding"][tokens] + params["wpe.embedding"][: tokens.shape[1]]
        for index in range(workload.layers):
            block = f"block{index}"
            attended = _attend(params, f"{block}.attn", _normalise(params, f"{block}.ln1", hidden), heads)
            hidden = hidden + _dense(params, f"{block}.attn.proj", attended)
            inner = _dense(params, f"{block}.mlp.fc", _normalise(params, f"{block}.ln2", hidden))
            hidden = hidden + _dense(params, f"{block}.mlp.proj", jax.nn.gelu(inner, approximate=True))
        return _normalise(params, "ln_f", hidden) @ params["wte.embedding"].T, state

    def to_trees(parameters: Weights, state: Weights) -> tuple[Any, Any]:
        """Query, key and value side by side in ``block{i}.attn.qkv``: kernel [D, 3D], bias [3D]."""
        fused = {name: value for name, value in parameters.items() if not _is_part(name)}
        for index in range(workload.layers):
            for kind in ("kernel", "bias"):
                parts = [parameters[f"block{index}.attn.{part}.{kind}"] for part in _PARTS]
                fused[f"block{index}.attn.qkv.{kind}"] = np.concatenate(parts, axis=-1)
        return fused, state

    return Model(to_trees, _to_canonical, apply, {"layout": "fused qkv", "attention": "unfused products and softmax"})


def _dense(params: Any, name: str, inputs: Any) -> Any:
    return inputs @ params[f"{name}.kernel"] + params[f"{name}.bias"]


def _normalise(params: Any, name: str, inputs: Any) -> Any:
    """Layer normalisation over the last axis."""
    mean = inputs.mean(-1, keepdims=True)
    variance = jnp.square(inputs - mean).mean(-1, keepdims=True)
    scale = params[f"{name}.scale"]
    return (inputs - mean) * lax.rsqrt(variance + NORM_EPSILON) * scale + params[f"{name}.bias"]


def _attend(params: Any, name: str, inputs: Any, heads: int) -> Any:
    """Causal self-attention [batch, length, D], before its output projection."""
    # By hand: on XLA's host backend a training step with jax.nn.dot_product_attention took 2 to 12 % longer, and the
    # fused cuDNN kernel behind that function takes half precision only.
    batch, length, width = inputs.shape
    projected = _dense(params, f"{name}.qkv", inputs).reshape(batch, length, 3, heads, width // heads)
    query, key, value = (projected[:, :, part].transpose(0, 2, 1, 3) for part in range(3))
    scores = (query * (width // heads) ** -0.5) @ key.swapaxes(-1, -2)
    visible = jnp.tril(jnp.ones((length, length), dtype=bool))
    attention = jax.nn.softmax(jnp.where(visible, scores, -jnp.inf), axis=-1)
    return (attention @ value).transpose(0, 2, 1, 3).reshape(batch, length, width)


def _is_part(name: str) -> bool:
    return any(f".attn.{part}." in name for part in _PARTS)


def _to_canonical(tree: Any) -> Weights:
    """Splits every ``qkv`` into query, key and value again."""
    weights: Weights = {}
    for name, value in tree.items():
        if ".attn.qkv." in name:
            weights |= {
                name.replace("qkv", part): split
                for part, split in zip(_PARTS, np.split(value, len(_PARTS), axis=-1), strict=True)
            }
        else:
            weights[name] = value
    return weights
