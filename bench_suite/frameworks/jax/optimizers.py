"""An optimizer alone in JAX: an optax transformation and ``apply_updates``, on parameters and state that are donated."""

from __future__ import annotations

from typing import Any

import optax

from speedscore.bench_suite.frameworks.jax.optimizer import make_optimizer
from speedscore.bench_suite.frameworks.jax.tasks import JaxTask, Named
from speedscore.bench_suite.workloads.optimizers import Optimizing, Recipe, split_arguments


def make(task: Optimizing, *, platform: str) -> JaxTask:
    """The task as a function of parameters and optimizer state; it is the same on every platform."""
    del platform
    transformation, text = make_transformation(task.recipe)
    before: dict[str, Any] = {}

    def start(arguments: Any) -> tuple[Any, Any]:
        parameters, gradients = split_arguments(arguments)
        before.update(parameters)
        return (parameters, transformation.init(parameters)), gradients

    def function(carry: Any, gradients: Any) -> tuple[Any, tuple[()]]:
        parameters, state = carry
        updates, state = transformation.update(gradients, state, parameters)
        return (optax.apply_updates(parameters, updates), state), ()

    def read(carry: Any, _: Any) -> Named:
        return {f"update.{name}": value - before[name] for name, value in carry[0].items()}

    return JaxTask(start, function, read, {"optimizer": text})


def make_transformation(recipe: Recipe) -> tuple[Any, str]:
    """The optax transformation with every option written out, and its text."""
    rate: Any = recipe.optimizer.learning_rate
    if schedule := recipe.schedule:
        rate = optax.warmup_cosine_decay_schedule(
            init_value=rate * schedule.first,
            peak_value=rate,
            warmup_steps=schedule.warm_up_steps,
            decay_steps=schedule.steps,
            end_value=rate * schedule.last,
            exponent=1.0,
        )
    transformation, text = make_optimizer(recipe.optimizer, learning_rate=rate)
    if recipe.clip_norm is None:
        return transformation, text
    clipped = optax.chain(optax.clip_by_global_norm(recipe.clip_norm), transformation)
    return clipped, f"optax.clip_by_global_norm, {text}"
