"""Where canonical tensors lie in an Equinox module: ``block0.attn.proj.kernel`` is ``blocks[0].attn.proj.weight``.

Names follow from the fields of the modules and the types of Equinox's own layers, so nothing here knows a model. It
never changes what a module computes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np

from speedscore.bench_suite.workloads.fusing import fuse, split
from speedscore.bench_suite.workloads.workload import Weights


class Place(NamedTuple):
    """Where a canonical tensor lies."""

    name: str
    axes: tuple[int, ...] | None
    """The canonical axes in the order in which the module stores them; None where they are the same."""


_KINDS: dict[type, Place] = {
    eqx.nn.Linear: Place("kernel", (1, 0)),
    eqx.nn.Conv2d: Place("kernel", (3, 2, 0, 1)),
    eqx.nn.Embedding: Place("embedding", None),
    eqx.nn.LayerNorm: Place("scale", None),
}
"""What the workloads call the ``weight`` of a layer, and how it lies: [out, in] and [out, in, k, k]."""


def outline(make: Callable[[Any], Any]) -> tuple[Any, Any]:
    """The module that ``make`` draws from a PRNG key and its ``eqx.nn.State``, with shapes in the place of arrays."""
    outlined: tuple[Any, Any] = eqx.filter_eval_shape(lambda: eqx.nn.make_with_state(make)(jax.random.key(0)))
    return outlined


def fill_model(module: Any, parameters: Weights) -> Any:
    """The module with NumPy arrays; query, key and value lie below each other in ``qkv``: [3D, D] and [3D]."""
    fused = fuse(parameters)
    leaves = [_stored(fused[place.name], place) for place in _model_places(module)]
    return jax.tree.unflatten(jax.tree.structure(module), leaves)


def fill_state(module: Any, state: Any, values: Weights) -> Any:
    """The ``eqx.nn.State`` of a module with NumPy arrays."""
    return jax.tree.unflatten(jax.tree.structure(state), [values[name] for name in _state_names(module)])


def to_canonical(module: Any, tree: Any) -> Weights:
    """A tree like the module or like its state, of NumPy arrays, under canonical names and layouts."""
    if isinstance(tree, eqx.nn.State):
        places = [Place(name, None) for name in _state_names(module)]
    else:
        places = _model_places(module)
    leaves = zip(places, jax.tree.leaves(tree), strict=True)
    return split({place.name: _canonical_array(value, place) for place, value in leaves})


def _stored(value: Any, place: Place) -> Any:
    return value if place.axes is None else value.transpose(place.axes)


def _canonical_array(value: Any, place: Place) -> Any:
    return value if place.axes is None else value.transpose(np.argsort(place.axes))


def _model_places(module: Any) -> list[Place]:
    """Of a module's leaves, in their order."""
    places: list[Place] = []
    for path, node in jax.tree_util.tree_leaves_with_path(module, is_leaf=lambda node: type(node) in _KINDS):
        owner, weight = _canonical(path), _KINDS.get(type(node))
        if weight is None:
            places.append(Place(owner, None))
            continue
        fields = (weight, Place("bias", None))[: len(jax.tree.leaves(node))]
        places += [Place(f"{owner}.{field.name}", field.axes) for field in fields]
    return places


def _state_names(module: Any) -> list[str]:
    """Canonical names of the leaves of a module's state: those of a normalisation's ``running`` dictionary."""
    nodes = jax.tree_util.tree_leaves_with_path(module, is_leaf=lambda node: isinstance(node, eqx.nn.StateIndex))
    owners = [_canonical(path).removesuffix(".running") for path, node in nodes if isinstance(node, eqx.nn.StateIndex)]
    return [f"{owner}.{kind}" for owner in owners for kind in ("mean", "var")]


def _canonical(path: Any) -> str:
    """``.blocks[0].attn.qkv`` is ``block0.attn.qkv``, and ``.layers[0].mlp_ln`` is ``layer0.mlp.ln``."""
    numbered = re.sub(r"s\[(\d+)\]", r"\1", jax.tree_util.keystr(path)).removeprefix(".")
    return re.sub(r"_ln(?=\.|$)", ".ln", numbered)
