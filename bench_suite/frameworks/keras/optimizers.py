"""An optimizer alone in Keras: its own optimizer with its own schedule and clipping, the same on every backend.

How a backend applies it stands in ``on_jax_tasks``, ``on_tensorflow_tasks`` and ``on_torch_tasks``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import keras

from speedscore.bench_suite.frameworks.keras.optimizer import AddDecay, add_decay, make_optimizer
from speedscore.bench_suite.workloads.optimizers import Optimizing, Recipe


def make(task: Optimizing, *, add_decay: AddDecay = add_decay) -> tuple[Any, str]:
    """The optimizer of a task, not built yet, and its text."""
    recipe = task.recipe
    return make_optimizer(
        recipe.optimizer, add_decay=add_decay, rate=_make_schedule(recipe), clip_norm=recipe.clip_norm
    )


def _make_schedule(recipe: Recipe) -> Any:
    """None where the learning rate is constant."""
    if (schedule := recipe.schedule) is None:
        return None
    rate = recipe.optimizer.learning_rate
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=rate * schedule.first,
        decay_steps=schedule.steps - schedule.warm_up_steps,
        alpha=schedule.last,
        warmup_target=rate,
        warmup_steps=schedule.warm_up_steps,
    )


_SLOTS = {"velocity": "momentum", "first": "momentum", "second": "velocity"}
"""Moment of the task → what Keras calls it."""


def name_moments(task: Optimizing, optimizer: Any, names: Iterable[str], values: Sequence[Any]) -> dict[str, Any]:
    """The moments of the task by name; ``values`` are those of the optimizer's variables, in its order.

    Keras' SGD keeps −learning rate · velocity, as long as the rate is constant.
    """
    by_name = {variable.name: value for variable, value in zip(optimizer.variables, values, strict=True)}
    factors = {"velocity": -1.0 / task.recipe.optimizer.learning_rate}
    return {
        f"{moment}.{name}": by_name[f"{_own_name(name)}_{_SLOTS[moment]}"] * factors.get(moment, 1.0)
        for moment in task.moments
        for name in names
    }


def make_variables(parameters: dict[str, Any]) -> dict[str, keras.Variable]:
    """A trained variable for each parameter, by its name, with its values."""
    return {
        name: keras.Variable(values, dtype="float32", trainable=True, name=_own_name(name))
        for name, values in parameters.items()
    }


def _own_name(name: str) -> str:
    return name.replace(".", "_")
