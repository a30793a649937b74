"""Checkpoints of a program on JAX: Orbax, which JAX's documentation names, and safetensors; for any tree of arrays.

It never looks inside a tree; what a library's carry is made of is that library's affair.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import jax
import numpy as np

from speedscore.bench_suite.frameworks.checkpointing import Route


def read(program: Any) -> Any:
    return program.carry


def write(program: Any, state: Any) -> None:
    program.resume(state)


def name_arrays(state: Any) -> dict[str, Any]:
    return {name: np.asarray(leaf) for name, leaf in _name_leaves(state).items()}


def _name_leaves(tree: Any) -> dict[str, Any]:
    return {
        jax.tree_util.keystr(path): leaf
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
        if isinstance(leaf, jax.Array)
    }


def _orbax() -> Any:
    return importlib.import_module("orbax.checkpoint")  # here, so that only its own route pays for it


def save_orbax(state: Any, path: Path) -> None:
    with _orbax().StandardCheckpointer() as checkpointer:
        checkpointer.save(path, state)


def restore_orbax(template: Any, path: Path) -> Any:
    with _orbax().StandardCheckpointer() as checkpointer:
        return checkpointer.restore(path, template)


def save_safetensors(state: Any, path: Path) -> None:
    from safetensors.flax import save_file  # needs jax alone, whatever it is called

    save_file(_name_leaves(state), str(path))


def restore_safetensors(template: Any, path: Path) -> Any:
    from safetensors.flax import load_file

    arrays = load_file(str(path))
    return jax.tree_util.tree_map_with_path(
        lambda place, leaf: arrays[jax.tree_util.keystr(place)] if isinstance(leaf, jax.Array) else leaf, template
    )


SAFETENSORS = Route(save_safetensors, restore_safetensors, ("safetensors",))
ROUTES = {"orbax": Route(save_orbax, restore_orbax, ("orbax-checkpoint", "tensorstore")), "safetensors": SAFETENSORS}
