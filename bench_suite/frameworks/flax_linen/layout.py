"""Canonical names to Linen's collections and back, and ``apply`` as the pure function that a driver takes.

A module is named as its tensors are: ``block0.attn.proj.kernel`` is ``kernel`` of the module ``proj`` in ``attn`` in
``block0``. Linen keeps canonical layouts, so no axis moves; only query, key and value become one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flax import linen as nn
from flax import traverse_util

from speedscore.bench_suite.frameworks.jax.driver import PureModel
from speedscore.bench_suite.workloads.fusing import fuse, split
from speedscore.bench_suite.workloads.workload import Weights
from speedscore.host.fields import Scalar

STATISTICS = "batch_stats"
"""The collection of running means and variances."""

# Without annotations.
_traverse_util: Any = traverse_util


def make_model(module: nn.Module, description: Mapping[str, Scalar]) -> PureModel:
    """The driver's view of a module that is called with (inputs, training)."""

    def apply(params: Any, state: Any, inputs: Any, training: bool) -> tuple[Any, Any]:
        variables = {"params": params, STATISTICS: state}
        # A model without state has no statistics to write; asking for them would make ``apply`` return an empty one.
        if not (training and state):
            return module.apply(variables, inputs, training), state
        logits, updated = module.apply(variables, inputs, training, mutable=[STATISTICS])
        return logits, updated[STATISTICS]

    return PureModel(_to_trees, _to_canonical, apply, dict(description))


def _to_trees(parameters: Weights, state: Weights) -> tuple[Any, Any]:
    """The collections, with query, key and value side by side in ``qkv``: kernel [D, 3D], bias [3D]."""
    return _traverse_util.unflatten_dict(fuse(parameters), sep="."), _traverse_util.unflatten_dict(state, sep=".")


def _to_canonical(tree: Any) -> Weights:
    """A collection of parameters, of gradients, or of state under canonical names, every ``qkv`` split again."""
    return split(_traverse_util.flatten_dict(tree, sep="."))
