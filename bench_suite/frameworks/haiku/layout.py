"""Canonical names to Haiku's and back: ``block0.attn.proj.kernel`` is ``w`` of the module ``block0/attn/proj``.

Haiku keeps canonical layouts, so no axis moves; only query, key and value become one. It never knows a model.
"""

from __future__ import annotations

from typing import Any

from speedscore.bench_suite.workloads.fusing import fuse, split
from speedscore.bench_suite.workloads.workload import Weights

_LEAVES = {"kernel": "w", "embedding": "embeddings", "scale": "scale", "mean": "mean", "var": "var"}
_KINDS = {leaf: kind for kind, leaf in _LEAVES.items()} | {"b": "bias", "offset": "bias"}


def to_trees(parameters: Weights, state: Weights) -> tuple[Any, Any]:
    """{module: {leaf: array}} of each, with query, key and value side by side in ``qkv``: ``w`` [D, 3D], ``b`` [3D]."""
    return _nest(fuse(parameters)), _nest(state)


def to_canonical(tree: Any) -> Weights:
    """A tree of parameters, of gradients, or of state under canonical names, every ``qkv`` split again."""
    flat = {
        f"{module.replace('/', '.')}.{_KINDS[leaf]}": value
        for module, leaves in tree.items()
        for leaf, value in leaves.items()
    }
    return split(flat)


def _nest(weights: Weights) -> dict[str, Weights]:
    tree: dict[str, Weights] = {}
    for name, value in weights.items():
        owner, _, kind = name.rpartition(".")
        # Haiku calls a bias after what it belongs to: a dense layer's is "b", a normalisation's is "offset".
        bias = "offset" if f"{owner}.scale" in weights else "b"
        tree.setdefault(owner.replace(".", "/"), {})[_LEAVES.get(kind, bias)] = value
    return tree
