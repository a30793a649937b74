"""Canonical names to NNX's modules and back.

A list of modules is called in the plural: ``block0.attn.proj.kernel`` is the variable at ``blocks.0.attn.proj.kernel``.
NNX keeps canonical layouts, so no axis moves; only query, key and value become one. It never knows a model.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any

from flax import nnx

from speedscore.bench_suite.workloads.fusing import fuse
from speedscore.bench_suite.workloads.workload import Weights
from speedscore.host.fields import Scalar


@dataclasses.dataclass(frozen=True)
class NnxModel:
    """One model as a class of modules."""

    create: Callable[[nnx.Rngs], nnx.Module]
    """The module, called with a batch of inputs; it answers with logits [..., classes]."""
    description: dict[str, Scalar]
    """As in ``speedscore.bench_suite.frameworks.jax.driver.PureModel``."""


def outline(model: NnxModel) -> tuple[Any, nnx.State[Any, Any]]:
    """The module's structure, and its state with shapes in place of arrays: no initial weight is ever drawn."""
    structure, abstract = nnx.split(nnx.eval_shape(lambda: model.create(nnx.Rngs(0))))
    return structure, abstract


def to_trees(parameters: Weights, state: Weights) -> tuple[Weights, Weights]:
    """Canonical names, with query, key and value side by side in ``qkv``: kernel [D, 3D], bias [3D]."""
    return fuse(parameters), state


def fill(abstract: nnx.State[Any, Any], arrays: Mapping[str, Any]) -> nnx.State[Any, Any]:
    """The state with the array of its name in each variable."""
    filled = {path: variable.replace(arrays[_name(path)]) for path, variable in nnx.to_flat_state(abstract)}
    return nnx.from_flat_state(filled)


def read(state: nnx.State[Any, Any]) -> dict[str, Any]:
    """The arrays of a state by name; the other way round than ``fill``."""
    return {_name(path): variable[...] for path, variable in nnx.to_flat_state(state)}


def _name(path: tuple[Any, ...]) -> str:
    """``blocks.0.ln1.scale`` is ``block0.ln1.scale``."""
    return re.sub(r"s\.(\d+)", r"\1", ".".join(map(str, path)))
