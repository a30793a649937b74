"""A policy that plays CartPole in many environments at once, and learns from it by REINFORCE.

Here stand its sizes, what chance decides, and the right answer. Arguments: the policy's parameters (``tanh_net``; two
logits, of left and right), ``start`` [environments, 4], ``uniforms`` [steps, environments], by which an action is right
where its uniform is below the policy's probability of right, and ``resets`` [steps, environments, 4], the states in
which an environment goes on whose episode has ended.

A rollout gives ``observations`` [steps, environments, 4], the states that the policy saw, ``actions`` and
``terminated`` [steps, environments], 0 or 1, and ``final`` [environments, 4]. An update gives the ``mean_return`` of a
rollout, the ``gradient.*`` of its loss and the ``updated.*`` parameters: loss = −mean(log probability of the action ×
(return − mean return)), the return being the discounted sum of the rewards from there to the end of the episode or of
the rollout, and the reward 1 a step. The loss itself is no result: its terms have both signs and all but cancel.
"""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.workloads import canonical, cartpole, tanh_net
from speedscore.bench_suite.workloads.tanh_net import Doubles
from speedscore.bench_suite.workloads.task import Arguments, Limits
from speedscore.host.fields import Scalar

DISCOUNT = 0.99
LEARNING_RATE = 0.1
SIZES = (4, 32, 32, 2)
"""The state, two hidden layers of tanh, the two logits."""
ROLLOUT, UPDATE = "rollout", "update"

MARGIN = 1e-4
"""How far, at least, each uniform is from its probability, and each state from its limit, in the environments kept."""
DRIFT = MARGIN / 20
"""How far, at most, states that are rounded to float32 after each step come to lie from those that are not, in the
environments kept. A pole that is balanced for long multiplies a difference by e about every 13 steps."""


class Rollout(NamedTuple):
    """What was seen and done, in float64."""

    observations: NDArray[np.float64]
    actions: NDArray[np.bool_]
    terminated: NDArray[np.bool_]
    final: NDArray[np.float64]
    margin: NDArray[np.float64]
    """[environments]: the nearest that one of its decisions came to the other one."""


class CartPole(msgspec.Struct, frozen=True):
    """The task at one preset."""

    model: str
    preset: str
    what: str
    """``rollout`` or ``update``."""
    environments: int
    steps: int
    limits: Limits
    calls: int = 1
    made_by: str = "float64 NumPy, by hand"

    def arguments(self, draw: int = 0) -> Arguments:
        """Of more environments than wanted, those in which rounding can change no decision (``MARGIN``, ``DRIFT``)."""
        return dict(_draw(self.environments, self.steps, draw))

    def answers(self, arguments: Arguments) -> Doubles:
        doubles = {name: values.astype(np.float64) for name, values in arguments.items()}
        parameters = policy(doubles)
        played = play(parameters, doubles)
        if self.what == ROLLOUT:
            return {
                "observations": played.observations,
                "actions": played.actions.astype(np.float64),
                "terminated": played.terminated.astype(np.float64),
                "final": played.final,
            }
        _, gradients = differentiate(parameters, played)
        return {
            "mean_return": discounted_returns(played.terminated).mean(),
            **{f"gradient.{name}": values for name, values in gradients.items()},
            **{f"updated.{name}": parameters[name] - LEARNING_RATE * values for name, values in gradients.items()},
        }

    def flops(self) -> int:
        """The products of the policy; of an update those of one forward pass and of its backward pass.

        No framework here saves the activations of the rollout: each evaluates the policy once more to differentiate it.
        """
        forward = [2 * inputs * outputs for inputs, outputs in itertools.pairwise(SIZES)]
        backward = 2 * sum(forward) - forward[0]
        return self.environments * self.steps * (sum(forward) + (backward if self.what == UPDATE else 0))

    def describe(self) -> dict[str, Scalar]:
        return {
            "environments": self.environments,
            "steps": self.steps,
            "policy": "-".join(map(str, SIZES)),
            "work": self.environments * self.steps,
            "work_unit": "environment steps",
        }


def policy(arguments: Doubles) -> Doubles:
    """The parameters among the arguments."""
    return {name: values for name, values in arguments.items() if name.startswith("dense")}


def play(parameters: Doubles, arguments: Doubles, *, rounded: bool = False) -> Rollout:
    """Play all environments for all steps; ``rounded`` keeps no more of each state than float32 can."""
    state = arguments["start"]
    observations, actions, endings = [], [], []
    margin = np.full(len(state), np.inf)
    for uniforms, resets in zip(arguments["uniforms"], arguments["resets"], strict=True):
        probability = _softmax(tanh_net.activations(parameters, state)[-1])[..., 1]
        action = uniforms < probability
        after = cartpole.step(state, action)
        margin = np.minimum(margin, np.minimum(np.abs(uniforms - probability), after.margin))
        observations.append(state)
        actions.append(action)
        endings.append(after.terminated)
        state = np.where(after.terminated[:, None], resets, after.state)
        if rounded:
            state = state.astype(np.float32).astype(np.float64)
    return Rollout(np.stack(observations), np.stack(actions), np.stack(endings), state, margin)


def discounted_returns(terminated: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Of each step [steps, environments]: its reward and the discounted rewards of the steps after it."""
    returns = np.ones(terminated.shape)
    for step in range(len(terminated) - 2, -1, -1):
        returns[step] += DISCOUNT * ~terminated[step] * returns[step + 1]
    return returns


def differentiate(parameters: Doubles, played: Rollout) -> tuple[float, Doubles]:
    """The loss of a rollout and its gradient, by hand.

    A log probability changes with its own logit by 1 − its probability, and with the other by − that one's.
    """
    values = tanh_net.activations(parameters, played.observations.reshape(-1, SIZES[0]))
    probabilities, chosen = _softmax(values[-1]), np.eye(2)[played.actions.ravel().astype(int)]
    returns = discounted_returns(played.terminated).ravel()
    weights = (returns - returns.mean()) / len(returns)
    loss = -float(weights @ np.log((probabilities * chosen).sum(axis=-1)))
    cotangents = tanh_net.cotangents(parameters, values, -weights[:, None] * (chosen - probabilities))
    gradients = {}
    for index, (seen, cotangent) in enumerate(zip(values[:-1], cotangents, strict=True)):
        gradients[f"dense{index}.kernel"] = seen.T @ cotangent
        gradients[f"dense{index}.bias"] = cotangent.sum(axis=0)
    return loss, gradients


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    softmax: NDArray[np.float64] = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return softmax


@lru_cache(maxsize=2)
def _draw(environments: int, steps: int, draw: int) -> Arguments:
    """Of more environments than are asked for, the first whose every decision is clear. The arrays are read-only.

    Raises ValueError where not even four times as many hold enough of them, which no draw has been seen to.
    """
    fewest = 16 + environments + environments * steps // 400
    for candidates in (fewest, 2 * fewest, 4 * fewest):
        arguments = _draw_clear(environments, steps, draw, candidates=candidates)
        if arguments is not None:
            return arguments
    raise ValueError(f"fewer than {environments} of {4 * fewest} environments decide clearly")


def _draw_clear(environments: int, steps: int, draw: int, *, candidates: int) -> Arguments | None:
    """Of so many candidates; None where too few of them are clear."""
    name = f"rl.{draw}"
    span = {"low": -cartpole.START_LIMIT, "high": cartpole.START_LIMIT}
    chance = {
        "uniforms": canonical.uniform(f"{name}.uniforms", (steps, candidates), low=0.0, high=1.0),
        "resets": canonical.uniform(f"{name}.resets", (steps, candidates, 4), **span),
        "start": canonical.uniform(f"{name}.start", (1, candidates, 4), **span),
    }
    parameters = tanh_net.draw_parameters(SIZES, draw=draw)
    doubles = {key: values.astype(np.float64) for key, values in (chance | parameters).items()}
    doubles["start"] = doubles["start"][0]
    exact, rounded = (play(policy(doubles), doubles, rounded=rounded) for rounded in (False, True))
    drift = np.abs(exact.observations - rounded.observations).max(axis=(0, 2))
    kept = np.flatnonzero((exact.margin > MARGIN) & (drift < DRIFT))[:environments]
    if len(kept) < environments:
        return None
    drawn = {key: np.ascontiguousarray(values[:, kept]) for key, values in chance.items()}
    arguments: Arguments = {**parameters, **drawn}
    arguments["start"] = arguments["start"][0]
    for values in arguments.values():
        values.flags.writeable = False
    return arguments


_REASON = "At worst, on the CPU of JAX, PyTorch, eager and compiled, and TensorFlow at smoke and of some at small: "
_LIMITS = {
    ROLLOUT: Limits(
        by_result={"observations": 2e-5, "actions": 1e-6, "terminated": 1e-6, "final": 2e-5},
        reason=(
            f"{_REASON}1.4e-6 of the states; about ten times that. A decision is right or wrong, and none was wrong; "
            "one among 524,288 is more than 1e-3 off."
        ),
    ),
    UPDATE: Limits(
        by_result={"mean_return": 5e-4}
        | {
            f"{kind}.dense{layer}.{part}": limit
            for kind, limit in (("gradient", 1e-4), ("updated", 1e-5))
            for layer in range(len(SIZES) - 1)
            for part in ("kernel", "bias")
        },
        reason=(
            f"{_REASON}1.8e-5 of the mean return, a sum over the whole rollout that TensorFlow takes one by one and "
            "that is longer still at full; 8.9e-6 of a gradient, 6.7e-7 of an updated parameter."
        ),
    ),
}

_STEPS = {"smoke": 32, "small": 64, "full": 128}


def make(preset: str, *, name: str, what: str, environments: int, steps: int = 0) -> CartPole:
    """The workload at ``preset``; ``steps`` other than 0 take the place of the preset's.

    Raises ValueError naming the presets there are.
    """
    steps = steps or canonical.pick(_STEPS, name, preset)
    return CartPole(name, preset, what, environments, steps, _LIMITS[what])
