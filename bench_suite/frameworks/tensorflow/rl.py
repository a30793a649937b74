"""CartPole and REINFORCE in TensorFlow: all environments as batched tensors, ``tf.scan`` over the time, under XLA."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from speedscore.bench_suite.frameworks.tensorflow.tanh_net import apply
from speedscore.bench_suite.frameworks.tensorflow.tasks import Named, TensorflowTask
from speedscore.bench_suite.workloads import cartpole
from speedscore.bench_suite.workloads.rl import DISCOUNT, LEARNING_RATE, ROLLOUT, CartPole


def make(task: CartPole, *, platform: str) -> TensorflowTask:
    """The task as a function of its arguments; it is the same on every platform."""
    del platform
    return TensorflowTask(_rollout if task.what == ROLLOUT else _update, {"form": "batched tensors, tf.scan over time"})


def _rollout(arguments: Named) -> dict[str, Any]:
    parameters, start = _policy(arguments), arguments["start"]

    def play(before: tuple[Any, Any, Any], chance: tuple[Any, Any]) -> tuple[Any, Any, Any]:
        return _act(parameters, before[2], *chance)

    nothing = tf.zeros(start.shape[:1], tf.bool)
    actions, terminated, states = tf.scan(
        play, (arguments["uniforms"], arguments["resets"]), initializer=(nothing, nothing, start)
    )
    observations = tf.concat([start[None], states[:-1]], axis=0)
    return {"observations": observations, "actions": actions, "terminated": terminated, "final": states[-1]}


def _update(arguments: Named) -> dict[str, Any]:
    parameters = _policy(arguments)
    played = _rollout(arguments)
    returns = _discounted_returns(played["terminated"])
    mean = tf.reduce_mean(returns)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(parameters)
        loss = _loss(parameters, played["observations"], played["actions"], returns - mean)
    gradients = tape.gradient(loss, parameters)
    return {
        "mean_return": mean,
        **{f"gradient.{name}": values for name, values in gradients.items()},
        **{f"updated.{name}": parameters[name] - LEARNING_RATE * values for name, values in gradients.items()},
    }


def _policy(arguments: Named) -> dict[str, Any]:
    return {name: values for name, values in arguments.items() if name.startswith("dense")}


def _act(parameters: Named, state: Any, uniforms: Any, resets: Any) -> tuple[Any, Any, Any]:
    """States [environments, 4]: actions, whether an episode ends with them, and the states to go on with."""
    action = uniforms < tf.nn.softmax(apply(parameters, state))[:, 1]
    following = _step(state, action)
    beyond_position = tf.abs(following[:, 0]) > cartpole.POSITION_LIMIT
    terminated = beyond_position | (tf.abs(following[:, 2]) > cartpole.ANGLE_LIMIT)
    return action, terminated, tf.where(terminated[:, None], resets, following)


def _step(state: Any, action: Any) -> Any:
    """The equations of one step of all environments."""
    _, velocity, angle, spin = tf.unstack(state, axis=-1)
    force = tf.where(action, cartpole.FORCE, -cartpole.FORCE)
    cosine, sine = tf.cos(angle), tf.sin(angle)
    push = (force + cartpole.POLE_MOMENT * spin**2 * sine) / cartpole.TOTAL_MASS
    inertia = cartpole.HALF_LENGTH * (4 / 3 - cartpole.POLE_MASS * cosine**2 / cartpole.TOTAL_MASS)
    angular = (cartpole.GRAVITY * sine - cosine * push) / inertia
    linear = push - cartpole.POLE_MOMENT * angular * cosine / cartpole.TOTAL_MASS
    return state + cartpole.STEP_SECONDS * tf.stack([velocity, linear, spin, angular], axis=-1)


def _discounted_returns(terminated: Any) -> Any:
    """[steps, environments], from the last step to the first."""
    factors = tf.where(terminated, 0.0, DISCOUNT)
    return tf.scan(
        lambda later, factor: 1.0 + factor * later, factors, initializer=tf.zeros_like(factors[0]), reverse=True
    )


def _loss(parameters: Named, observations: Any, actions: Any, advantages: Any) -> Any:
    logarithms = tf.nn.log_softmax(apply(parameters, observations))
    return -tf.reduce_mean(tf.where(actions, logarithms[..., 1], logarithms[..., 0]) * advantages)
