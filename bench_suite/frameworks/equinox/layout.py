"""Where canonical tensors lie in an Equinox module: ``block0.attn.proj.kernel`` is ``blocks[0].attn.proj.weight``.

Names follow from the fields of the modules and the types of Equinox's own layers, so nothing here knows a model. It
never changes what a module computes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax

from speedscore.bench_suite.workloads.fusing import fuse, split
from speedscore.bench_suite.workloads.workload import Weights

_KINDS: dict[type, str] = {eqx.nn.Linear: "kernel", eqx.nn.Embedding: "embedding"}
"""What the workloads call the ``weight`` of a layer."""


def outline(make: Callable[[Any], Any]) -> tuple[Any, Any]:
    """The module that ``make`` draws from a PRNG key and its ``eqx.nn.State``, with shapes in the place of arrays."""
    outlined: tuple[Any, Any] = eqx.filter_eval_shape(lambda: eqx.nn.make_with_state(make)(jax.random.key(0)))
    return outlined


def fill_model(module: Any, parameters: Weights) -> Any:
    """The module with NumPy arrays; query, key and value lie below each other in ``qkv``: [3D, D] and [3D]."""
    fused = fuse(parameters)
    leaves = [fused[name].T if _is_dense(name, fused[name]) else fused[name] for name in _model_names(module)]
    return jax.tree.unflatten(jax.tree.structure(module), leaves)


def fill_state(module: Any, state: Any, values: Weights) -> Any:
    """The ``eqx.nn.State`` of a module with NumPy arrays."""
    return jax.tree.unflatten(jax.tree.structure(state), [values[name] for name in _state_names(module)])


def to_canonical(module: Any, tree: Any) -> Weights:
    """A tree like the module or like its state, of NumPy arrays, under canonical names and layouts."""
    names = _state_names(module) if isinstance(tree, eqx.nn.State) else _model_names(module)
    leaves = zip(names, jax.tree.leaves(tree), strict=True)
    return split({name: value.T if _is_dense(name, value) else value for name, value in leaves})


def _is_dense(name: str, value: Any) -> bool:
    """True of the kernel of an ``eqx.nn.Linear``, which keeps [out, in]."""
    return name.endswith(".kernel") and value.ndim == 2


def _model_names(module: Any) -> list[str]:
    """Canonical names of a module's leaves, in their order."""
    names: list[str] = []
    for path, node in jax.tree_util.tree_leaves_with_path(module, is_leaf=lambda node: type(node) in _KINDS):
        kind = _KINDS.get(type(node))
        fields = [f".{kind}", ".bias"][: len(jax.tree.leaves(node))] if kind else [""]
        names += [f"{_canonical(path)}{field}" for field in fields]
    return names


def _state_names(module: Any) -> list[str]:
    """Canonical names of the leaves of a module's state: those of a normalisation's ``running`` dictionary."""
    nodes = jax.tree_util.tree_leaves_with_path(module, is_leaf=lambda node: isinstance(node, eqx.nn.StateIndex))
    owners = [_canonical(path).removesuffix(".running") for path, node in nodes if isinstance(node, eqx.nn.StateIndex)]
    return [f"{owner}.{kind}" for owner in owners for kind in ("mean", "var")]


def _canonical(path: Any) -> str:
    """``.blocks[0].attn.qkv`` is ``block0.attn.qkv``, and ``.layers[0].mlp_ln`` is ``layer0.mlp.ln``."""
    numbered = re.sub(r"s\[(\d+)\]", r"\1", jax.tree_util.keystr(path)).removeprefix(".")
    return re.sub(r"_ln(?=\.|$)", ".ln", numbered)
