"""Checkpoints of an Equinox program: ``eqx.tree_serialise_leaves``, which is Equinox's own, and safetensors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import equinox as eqx

from speedscore.bench_suite.frameworks.checkpointing import Route
from speedscore.bench_suite.frameworks.jax.probing import checkpoint

read = checkpoint.read
write = checkpoint.write
name_arrays = checkpoint.name_arrays


_SUFFIX = ".eqx"  # what Equinox adds, too, where there is none


def _save(state: Any, path: Path) -> None:
    eqx.tree_serialise_leaves(path.with_suffix(_SUFFIX), state)


def _restore(template: Any, path: Path) -> Any:
    return eqx.tree_deserialise_leaves(path.with_suffix(_SUFFIX), template)


ROUTES = {"native": Route(_save, _restore, ()), "safetensors": checkpoint.SAFETENSORS}
