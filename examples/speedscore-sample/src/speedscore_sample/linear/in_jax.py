"""The linear classifier in raw JAX, as ``speedscore.bench_suite.frameworks.jax.program:build`` wants it."""

from __future__ import annotations

from typing import Any

from speedscore.bench_suite.frameworks.jax.driver import PureModel
from speedscore.bench_suite.workloads.workload import Weights
from speedscore_sample.linear.workload import Linear


def make(workload: Linear, *, platform: str) -> PureModel:
    """The model's pure functions; inputs [batch, features], logits [batch, classes]."""
    del workload, platform

    def apply(params: Any, state: Any, inputs: Any, training: bool) -> tuple[Any, Any]:
        del training
        return inputs @ params["dense.kernel"] + params["dense.bias"], state

    return PureModel(_to_trees, dict, apply, {"layout": "[in, out] kernels"})


def _to_trees(parameters: Weights, state: Weights) -> tuple[Any, Any]:
    """The canonical dictionaries are themselves the trees."""
    return parameters, state
