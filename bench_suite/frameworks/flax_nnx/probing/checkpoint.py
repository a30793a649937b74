"""Checkpoints of an NNX program: model and ``nnx.Optimizer`` as the pure dictionaries that NNX's guide saves."""

from __future__ import annotations

from typing import Any

from flax import nnx

from speedscore.bench_suite.frameworks.jax.probing import checkpoint

ROUTES = checkpoint.ROUTES
name_arrays = checkpoint.name_arrays


def read(program: Any) -> Any:
    return nnx.to_pure_dict(_state_of(program))


def write(program: Any, state: Any) -> None:
    own = _state_of(program)
    nnx.replace_by_pure_dict(own, state)
    nnx.update((program.carry.model, program.carry.optimizer), own)


def _state_of(program: Any) -> Any:
    return nnx.state((program.carry.model, program.carry.optimizer))
