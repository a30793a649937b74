"""An optimizer alone in Keras: its own optimizer with its own schedule and clipping, the same on every backend.

How a backend applies it stands in ``on_jax_tasks``, ``on_tensorflow_tasks`` and ``on_torch_tasks``.
"""

from __future__ import annotations

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


def make_variables(parameters: dict[str, Any]) -> dict[str, keras.Variable]:
    """A trained variable for each parameter, by its name, with its values."""
    return {
        name: keras.Variable(values, dtype="float32", trainable=True, name=name.replace(".", "_"))
        for name, values in parameters.items()
    }
