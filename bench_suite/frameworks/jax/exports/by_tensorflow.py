"""A model by TensorFlow's converters, which ``jax2tf`` hands it to as one operation of StableHLO. It runs nothing.

TensorFlow is known to its own folder alone, and found from here by name.
"""

from __future__ import annotations

import importlib
from typing import Any

from jax.experimental import jax2tf

_EXPORTS = "speedscore.bench_suite.frameworks.tensorflow.exports"


class JaxFunction:
    """The forward pass of a JAX program as TensorFlow's converters ask for one."""

    def __init__(self, predict: Any, *, shapes: str | None) -> None:
        """``shapes``: of what it takes, as ``jax2tf.convert`` has it; None for those of the first call."""
        self._converted = jax2tf.convert(predict, with_gradient=False, polymorphic_shapes=shapes and [shapes])

    def predictor(self) -> tuple[Any, dict[str, Any]]:
        """The function, and the variables that it reads, of which there are none: weights are constants of it."""
        return self._converted, {}


def saved_model(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Answers ``Route.convert``."""
    return _convert("saved_model", memory, folder=folder)


def litert(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Answers ``Route.convert``."""
    return _with_fixed_batch("litert", memory, folder=folder)


def litert_int8(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Answers ``Route.convert``."""
    return _with_fixed_batch("litert_int8", memory, folder=folder)


def _with_fixed_batch(converter: str, memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """For a batch of one alone.

    With a size that is not known JAX writes gathers that LiteRT's converter does not know (``vhlo.dynamic_gather``).
    """
    return _convert(converter, memory, folder=folder, batch=1)


def _convert(converter: str, memory: dict[str, Any], *, folder: str, batch: int | None = None) -> dict[str, Any]:
    shapes = "(batch, ...)" if batch is None else None
    given = {
        "program": JaxFunction(memory["program"].predictor(), shapes=shapes),
        "workload": memory["workload"],
        "batch": batch,
    }
    converted: dict[str, Any] = importlib.import_module(f"{_EXPORTS}.{converter}").convert(given, folder=folder)
    return converted | {"dynamic_batch": batch is None, "tool": f"jax2tf, {converted['tool']}"}
