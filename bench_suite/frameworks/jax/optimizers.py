"""An optimizer alone in JAX: an optax transformation and ``apply_updates``, parameters and state donated."""

from __future__ import annotations

from typing import Any

import optax

from speedscore.bench_suite.frameworks.jax.optimizer import make_optimizer
from speedscore.bench_suite.frameworks.jax.tasks import JaxTask, Named
from speedscore.bench_suite.workloads.optimizers import Optimizing, Recipe, split_arguments
from speedscore.bench_suite.workloads.workload import AdamW

_SLOTS = {"velocity": "trace", "first": "mu", "second": "nu"}
"""Moment → its name in optax's state."""


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
        parameters, state = carry
        updates = {f"update.{name}": value - before[name] for name, value in parameters.items()}
        moments = {moment: optax.tree_utils.tree_get(state, _SLOTS[moment]) for moment in task.moments}
        return updates | {f"{moment}.{name}": of[name] for moment, of in moments.items() for name in parameters}

    return JaxTask(start, function, read, {"optimizer": text})


def make_transformation(recipe: Recipe) -> tuple[Any, str]:
    """The optax transformation with every option written out, and its text."""
    options = recipe.optimizer
    if isinstance(options, AdamW) and recipe.is_plain_adam:
        adam = optax.adam(
            options.learning_rate,
            b1=options.beta1,
            b2=options.beta2,
            eps=options.epsilon,
            eps_root=0.0,
            mu_dtype=None,
            nesterov=False,
        )
        return adam, "optax.adam"
    transformation, text = make_optimizer(options, schedule=_make_schedule(recipe))
    if recipe.clip_norm is None:
        return transformation, text
    return optax.chain(
        optax.clip_by_global_norm(recipe.clip_norm), transformation
    ), f"optax.clip_by_global_norm, {text}"


def _make_schedule(recipe: Recipe) -> Any:
    """None where the learning rate is constant."""
    if (schedule := recipe.schedule) is None:
        return None
    rate = recipe.optimizer.learning_rate
    return optax.warmup_cosine_decay_schedule(
        init_value=rate * schedule.first,
        peak_value=rate,
        warmup_steps=schedule.warm_up_steps,
        decay_steps=schedule.steps,
        end_value=rate * schedule.last,
        exponent=1.0,
    )
