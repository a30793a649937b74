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
    return _convert("saved_model:convert", memory, folder=folder, shapes="(batch, ...)")


def litert(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Answers ``Route.convert``, for one example at a time.

    With a size that is not known JAX writes gathers that LiteRT's converter does not know (``vhlo.dynamic_gather``).
    """
    return _convert("litert:convert_fixed", memory, folder=folder, shapes=None)


def litert_int8(memory: dict[str, Any], *, folder: str) -> dict[str, Any]:
    """Answers ``Route.convert``, for one example at a time, as ``litert`` does."""
    return _convert("litert_int8:convert_fixed", memory, folder=folder, shapes=None)


def _convert(converter: str, memory: dict[str, Any], *, folder: str, shapes: str | None) -> dict[str, Any]:
    given = {
        "program": JaxFunction(memory["program"].predictor(), shapes=shapes),
        "workload": memory["workload"],
    }
    module, _, function = converter.partition(":")
    converted: dict[str, Any] = getattr(importlib.import_module(f"{_EXPORTS}.{module}"), function)(given, folder=folder)
    return converted | {"tool": f"jax2tf, {converted['tool']}"}
