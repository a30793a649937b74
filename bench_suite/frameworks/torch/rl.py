"""CartPole and REINFORCE in PyTorch: all environments as batched tensors, and a Python loop over the time.

Compiled are one step of policy and environments, which the loop calls, and the loss; a loop unrolled into one graph
would compile for as long as it has steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from speedscore.bench_suite.frameworks.torch.tanh_net import apply
from speedscore.bench_suite.frameworks.torch.tasks import Named, Prepare, TorchTask
from speedscore.bench_suite.workloads import cartpole
from speedscore.bench_suite.workloads.rl import DISCOUNT, LEARNING_RATE, ROLLOUT, CartPole
from speedscore.host.fields import Scalar

Act = Callable[..., tuple[torch.Tensor, torch.Tensor, torch.Tensor]]


def make(task: CartPole, *, prepare: Prepare, device: torch.device) -> TorchTask:
    """The task as functions of tensors; they are the same on every device."""
    del device
    description: dict[str, Scalar] = {"form": "batched tensors, a Python loop over time"}
    act = prepare(_act)
    if task.what == ROLLOUT:
        return TorchTask.pure(lambda arguments: _rollout(act, _policy(arguments), arguments), description)
    loss = prepare(_loss)

    def start(arguments: Named) -> tuple[Named, Named]:
        trained = {name: values.clone().requires_grad_() for name, values in _policy(arguments).items()}
        return trained, arguments

    return TorchTask(
        start=start,
        call=lambda state: _update(act, loss, *state),
        read=lambda _, given: given,
        description=description,
    )


def _rollout(act: Act, parameters: Named, arguments: Named) -> dict[str, Any]:
    state, observations, actions, endings = arguments["start"], [], [], []
    with torch.no_grad():
        for uniforms, resets in zip(arguments["uniforms"], arguments["resets"], strict=True):
            observations.append(state)
            action, terminated, state = act(parameters, state, uniforms, resets)
            actions.append(action)
            endings.append(terminated)
        return {
            "observations": torch.stack(observations),
            "actions": torch.stack(actions),
            "terminated": torch.stack(endings),
            "final": state,
        }


def _update(act: Act, loss: Callable[..., torch.Tensor], parameters: Named, arguments: Named) -> dict[str, Any]:
    played = _rollout(act, parameters, arguments)
    returns = _discounted_returns(played["terminated"])
    mean = returns.mean()
    value = loss(parameters, played["observations"], played["actions"], returns - mean)
    gradients = torch.autograd.grad(value, tuple(parameters.values()))
    with torch.no_grad():
        updated = torch._foreach_add(tuple(parameters.values()), gradients, alpha=-LEARNING_RATE)
    return {
        "mean_return": mean,
        **{f"gradient.{name}": values for name, values in zip(parameters, gradients, strict=True)},
        **{f"updated.{name}": values for name, values in zip(parameters, updated, strict=True)},
    }


def _policy(arguments: Named) -> dict[str, torch.Tensor]:
    return {name: values for name, values in arguments.items() if name.startswith("dense")}


def _act(
    parameters: Named, state: torch.Tensor, uniforms: torch.Tensor, resets: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """States [environments, 4]: actions, whether an episode ends with them, and the states to go on with."""
    action = uniforms < torch.softmax(apply(parameters, state), dim=-1)[:, 1]
    following = _step(state, action)
    beyond_position = following[:, 0].abs() > cartpole.POSITION_LIMIT
    terminated = beyond_position | (following[:, 2].abs() > cartpole.ANGLE_LIMIT)
    return action, terminated, torch.where(terminated[:, None], resets, following)


def _step(state: torch.Tensor, action: torch.Tensor) -> torch.Tensor:
    """The equations of one step of all environments."""
    _, velocity, angle, spin = state.unbind(-1)
    force = torch.where(action, cartpole.FORCE, -cartpole.FORCE)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    push = (force + cartpole.POLE_MOMENT * spin**2 * sine) / cartpole.TOTAL_MASS
    inertia = cartpole.HALF_LENGTH * (4 / 3 - cartpole.POLE_MASS * cosine**2 / cartpole.TOTAL_MASS)
    angular = (cartpole.GRAVITY * sine - cosine * push) / inertia
    linear = push - cartpole.POLE_MOMENT * angular * cosine / cartpole.TOTAL_MASS
    return torch.add(state, torch.stack([velocity, linear, spin, angular], dim=-1), alpha=cartpole.STEP_SECONDS)


def _discounted_returns(terminated: torch.Tensor) -> torch.Tensor:
    """[steps, environments], from the last step to the first."""
    factors = DISCOUNT * ~terminated
    reward = torch.ones_like(factors[-1])
    returns = [reward]
    for factor in reversed(factors[:-1].unbind()):
        returns.append(torch.addcmul(reward, factor, returns[-1]))
    return torch.stack(returns[::-1])


def _loss(
    parameters: Named, observations: torch.Tensor, actions: torch.Tensor, advantages: torch.Tensor
) -> torch.Tensor:
    logarithms = torch.log_softmax(apply(parameters, observations), dim=-1)
    return -(torch.where(actions, logarithms[..., 1], logarithms[..., 0]) * advantages).mean()
