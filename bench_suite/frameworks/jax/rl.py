"""CartPole and REINFORCE in JAX: one environment's step as a scalar function, ``vmap`` over the environments, ``scan``
over the time."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from speedscore.bench_suite.frameworks.jax.tanh_net import apply
from speedscore.bench_suite.frameworks.jax.tasks import JaxTask
from speedscore.bench_suite.workloads import cartpole
from speedscore.bench_suite.workloads.rl import DISCOUNT, LEARNING_RATE, ROLLOUT, CartPole


def make(task: CartPole, *, platform: str) -> JaxTask:
    """The task as a function of its arguments; it is the same on every platform."""
    del platform
    return JaxTask.pure(
        _rollout if task.what == ROLLOUT else _update, {"form": "vmap over environments, lax.scan over time"}
    )


def _rollout(arguments: Any) -> dict[str, Any]:
    parameters = _policy(arguments)

    def play(states: Any, chance: Any) -> tuple[Any, dict[str, Any]]:
        actions, terminated, following = jax.vmap(_act, in_axes=(None, 0, 0, 0))(parameters, states, *chance)
        return following, {"observations": states, "actions": actions, "terminated": terminated}

    final, played = jax.lax.scan(play, arguments["start"], (arguments["uniforms"], arguments["resets"]))
    return {**played, "final": final}


def _update(arguments: Any) -> dict[str, Any]:
    parameters = _policy(arguments)
    played = _rollout(arguments)
    returns = _discounted_returns(played["terminated"])
    mean = returns.mean()
    gradients = jax.grad(_loss)(parameters, played["observations"], played["actions"], returns - mean)
    updated = jax.tree.map(lambda values, gradient: values - LEARNING_RATE * gradient, parameters, gradients)
    return {
        "mean_return": mean,
        **{f"gradient.{name}": values for name, values in gradients.items()},
        **{f"updated.{name}": values for name, values in updated.items()},
    }


def _policy(arguments: Any) -> Any:
    return {name: values for name, values in arguments.items() if name.startswith("dense")}


def _act(parameters: Any, state: Any, uniform: Any, reset: Any) -> tuple[Any, Any, Any]:
    """One environment, state [4]: its action, whether its episode ends with it, and the state to go on with."""
    action = uniform < jax.nn.softmax(apply(parameters, state))[1]
    following = _step(state, action)
    terminated = (jnp.abs(following[0]) > cartpole.POSITION_LIMIT) | (jnp.abs(following[2]) > cartpole.ANGLE_LIMIT)
    return action, terminated, jnp.where(terminated, reset, following)


def _step(state: Any, action: Any) -> Any:
    """The equations of one step of one environment."""
    _, velocity, angle, spin = state
    force = jnp.where(action, cartpole.FORCE, -cartpole.FORCE)
    cosine, sine = jnp.cos(angle), jnp.sin(angle)
    push = (force + cartpole.POLE_MOMENT * spin**2 * sine) / cartpole.TOTAL_MASS
    inertia = cartpole.HALF_LENGTH * (4 / 3 - cartpole.POLE_MASS * cosine**2 / cartpole.TOTAL_MASS)
    angular = (cartpole.GRAVITY * sine - cosine * push) / inertia
    linear = push - cartpole.POLE_MOMENT * angular * cosine / cartpole.TOTAL_MASS
    return state + cartpole.STEP_SECONDS * jnp.stack([velocity, linear, spin, angular])


def _discounted_returns(terminated: Any) -> Any:
    """[steps, environments], from the last step to the first."""

    def add(later: Any, ends: Any) -> tuple[Any, Any]:
        returns = 1.0 + DISCOUNT * jnp.where(ends, 0.0, later)
        return returns, returns

    return jax.lax.scan(add, jnp.zeros(terminated.shape[1]), terminated, reverse=True)[1]


def _loss(parameters: Any, observations: Any, actions: Any, advantages: Any) -> Any:
    logarithms = jax.nn.log_softmax(apply(parameters, observations))
    return -jnp.mean(jnp.where(actions, logarithms[..., 1], logarithms[..., 0]) * advantages)
