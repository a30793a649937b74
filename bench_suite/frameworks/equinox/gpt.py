"""The GPT-2 form of transformer in Equinox: pre-norm blocks, fused query-key-value product, head tied to the embedding.

It computes no loss; see ``workloads/gpt.py`` for names and shapes.
"""

# Where Equinox is not installed, its classes are Any to the type checker.
# mypy: allow-subclassing-any

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from speedscore.bench_suite.frameworks.equinox.driver import EquinoxModel
from speedscore.bench_suite.frameworks.equinox.layers import IDIOMATIC, Attention, Layers, Mlp
from speedscore.bench_suite.workloads.gpt import NORM_EPSILON, Gpt


def make(workload: Gpt, *, platform: str) -> EquinoxModel:
    """The model as a module for one example, mapped over the batch; it is the same on every platform."""
    del platform
    return make_model(workload, IDIOMATIC)


def make_model(workload: Gpt, layers: Layers) -> EquinoxModel:
    """The same with these layers under it."""

    def apply(module: Any, state: Any, tokens: Any, training: bool) -> tuple[Any, Any]:
        """Tokens [batch, length] to logits [batch, length, vocabulary]."""
        del training
        return jax.vmap(module)(tokens), state

    return EquinoxModel(
        make=lambda key: LanguageModel(workload, layers, key=key),
        apply=apply,
        description={
            "layout": "fused qkv, [out, in] weights",
            "attention": "unfused products and softmax",
            "layers": layers.description,
        },
    )


class LanguageModel(eqx.Module):
    """Tokens [length] to logits [length, vocabulary]; the head is the token embedding."""

    wte: eqx.nn.Embedding
    wpe: eqx.nn.Embedding
    blocks: list[Block]
    ln_f: Any

    def __init__(self, workload: Gpt, layers: Layers, *, key: Any) -> None:
        words, positions, *keys = jax.random.split(key, 2 + workload.layers)
        self.wte = eqx.nn.Embedding(workload.vocabulary, workload.width, key=words)
        self.wpe = eqx.nn.Embedding(workload.context, workload.width, key=positions)
        self.blocks = [Block(workload.width, workload.heads, layers, key=key) for key in keys]
        self.ln_f = layers.norm(workload.width, NORM_EPSILON)

    def __call__(self, tokens: Any) -> Any:
        (length,) = tokens.shape
        visible = jnp.tril(jnp.ones((length, length), dtype=bool))
        hidden = jax.vmap(self.wte)(tokens) + self.wpe.weight[:length]
        for block in self.blocks:
            hidden = block(hidden, visible)
        return jax.vmap(self.ln_f)(hidden) @ self.wte.weight.T


class Block(eqx.Module):
    """A pre-norm block: [length, D] to the same."""

    ln1: Any
    attn: Attention
    ln2: Any
    mlp: Mlp

    def __init__(self, width: int, heads: int, layers: Layers, *, key: Any) -> None:
        attention, mlp = jax.random.split(key)
        self.ln1 = layers.norm(width, NORM_EPSILON)
        self.attn = Attention(width, heads, dense=layers.dense, key=attention)
        self.ln2 = layers.norm(width, NORM_EPSILON)
        self.mlp = Mlp(width, approximate=True, dense=layers.dense, key=mlp)

    def __call__(self, hidden: Any, visible: Any) -> Any:
        hidden = hidden + self.attn(jax.vmap(self.ln1)(hidden), visible)
        return hidden + self.mlp(jax.vmap(self.ln2)(hidden))
