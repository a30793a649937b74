"""The heat equation in JAX: ``lax.scan`` over the steps, differentiated by ``grad``.

The step is linear, so reverse mode keeps no field of the way there, and ``jax.checkpoint`` would save nothing.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from speedscore.bench_suite.frameworks.jax.tasks import JaxTask
from speedscore.bench_suite.workloads.heat import RATIO, STEPS, time_step
from speedscore.bench_suite.workloads.physics import GRADIENT, ITERATIONS, HeatEquation


def make(task: HeatEquation, *, platform: str) -> JaxTask:
    """The task as a function of its arguments; it is the same on every platform."""
    del platform
    return JaxTask.pure(_differentiate if task.what == GRADIENT else _solve, {"form": "grad through lax.scan"})


def _simulate(initial: Any, source: Any = 0.0) -> Any:
    """The field [size, size] after all steps; ``source`` is what each of them adds."""

    def step(field: Any, _: None) -> tuple[Any, None]:
        padded = jnp.pad(field, 1)
        neighbours = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
        return field + RATIO * (neighbours - 4.0 * field) + source, None

    return jax.lax.scan(step, initial, length=STEPS)[0]


def _differentiate(arguments: Any) -> dict[str, Any]:
    def error_of(initial: Any) -> Any:
        return jnp.mean((_simulate(initial) - arguments["target"]) ** 2)

    error, gradient = jax.value_and_grad(error_of)(arguments["initial"])
    return {"error": error, "gradient": gradient}


def _solve(arguments: Any) -> dict[str, Any]:
    shapes, measured = arguments["shapes"], arguments["measured"]
    cold = jnp.zeros(measured.shape)

    def predict(amplitudes: Any) -> Any:
        return _simulate(cold, time_step(len(cold)) * jnp.tensordot(amplitudes, shapes, axes=1))

    def half_squares(amplitudes: Any) -> Any:
        return 0.5 * jnp.sum((predict(amplitudes) - measured) ** 2)

    differentiate = jax.value_and_grad(half_squares)

    def iterate(carry: Any, _: None) -> tuple[Any, None]:
        amplitudes, direction, gradient, _squares = carry
        change = predict(direction)
        squared = jnp.vdot(gradient, gradient)
        amplitudes = amplitudes + squared / jnp.vdot(change, change) * direction
        squares, following = differentiate(amplitudes)
        direction = jnp.vdot(following, following) / squared * direction - following
        return (amplitudes, direction, following, squares), None

    amplitudes = jnp.zeros(len(shapes))
    squares, gradient = differentiate(amplitudes)
    carry, _ = jax.lax.scan(iterate, (amplitudes, -gradient, gradient, squares), length=ITERATIONS)
    return {"amplitudes": carry[0], "error": 2.0 * carry[3] / measured.size}
