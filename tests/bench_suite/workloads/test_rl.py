"""CartPole's equations, the chance that every framework is given, and REINFORCE's gradient in float64."""

from __future__ import annotations

import math

import numpy as np
import pytest

from speedscore.bench_suite.workloads import cartpole, rl
from speedscore.bench_suite.workloads.presets import PRESETS
from speedscore.bench_suite.workloads.tanh_net import Doubles

_TASK = rl.make("smoke", name="rl-update-64", what=rl.UPDATE, environments=8, steps=40)


def _doubles(draw: int = 0) -> Doubles:
    return {name: values.astype(np.float64) for name, values in _TASK.arguments(draw).items()}


def test_a_push_from_rest_accelerates_cart_and_pole_as_the_equations_say() -> None:
    # Of an upright pole at rest: a = (F + m·l·a·…)/M, by hand.
    push = 10 / 1.1
    angular = -push / (0.5 * (4 / 3 - 0.1 / 1.1))
    linear = push - 0.05 * angular / 1.1
    after = cartpole.step(np.zeros((2, 4)), np.array([True, False]))
    np.testing.assert_allclose(after.state[0], [0, 0.02 * linear, 0, 0.02 * angular], rtol=1e-12)
    np.testing.assert_allclose(after.state[0], [0, 0.19512195, 0, -0.29268293], atol=1e-8)
    np.testing.assert_allclose(after.state[1], -after.state[0], rtol=1e-12)


def test_positions_move_by_the_old_velocities() -> None:
    after = cartpole.step(np.array([0.5, 1.0, 0.1, -2.0]), np.array(True))
    np.testing.assert_allclose(after.state[[0, 2]], [0.52, 0.06], rtol=1e-12)


@pytest.mark.parametrize(
    ("state", "over"),
    [
        ([2.39, 0.4, 0.0, 0.0], False),
        ([2.39, 0.6, 0.0, 0.0], True),
        ([-2.39, -0.6, 0.0, 0.0], True),
        ([0.0, 0.0, math.radians(11.9), 0.1], True),
        ([0.0, 0.0, math.radians(-11.9), -0.1], True),
        ([0.0, 0.0, math.radians(11.9), 0.0], False),
    ],
)
def test_an_episode_ends_beyond_either_limit_on_either_side(state: list[float], over: bool) -> None:
    assert cartpole.step(np.array(state), np.array(True)).terminated == over


def test_every_decision_of_what_is_drawn_is_clear_and_episodes_begin_anew() -> None:
    for draw in (0, 1):
        arguments = _doubles(draw)
        played = rl.play(rl.policy(arguments), arguments)
        assert played.margin.min() > rl.MARGIN
        rounded = rl.play(rl.policy(arguments), arguments, rounded=True)
        assert 0 < np.abs(played.observations - rounded.observations).max() < rl.DRIFT
        np.testing.assert_array_equal(played.actions, rounded.actions)
        steps, environments = np.nonzero(played.terminated[:-1])
        assert len(steps) > 5
        np.testing.assert_array_equal(
            played.observations[steps + 1, environments], arguments["resets"][steps, environments]
        )
        assert 0.1 < played.actions.mean() < 0.9


def test_the_same_draw_is_the_same_and_another_is_another_of_the_same_shapes() -> None:
    first, again, other = _TASK.arguments(0), _TASK.arguments(0), _TASK.arguments(1)
    for name, values in first.items():
        np.testing.assert_array_equal(values, again[name])
        assert values.shape == other[name].shape
        assert values.dtype == other[name].dtype == np.float32
        assert (values != other[name]).any()


def test_returns_are_discounted_to_the_end_of_the_episode() -> None:
    ends = np.array([[False, False], [False, True], [False, False]])
    by_hand = np.array([[1 + 0.99 + 0.99**2, 1 + 0.99], [1 + 0.99, 1], [1, 1]])
    np.testing.assert_allclose(rl.discounted_returns(ends), by_hand, rtol=1e-12)


def test_the_gradient_of_reinforce_agrees_with_finite_differences() -> None:
    arguments = _doubles()
    parameters = rl.policy(arguments)
    played = rl.play(parameters, arguments)
    _, gradients = rl.differentiate(parameters, played)
    generator = np.random.default_rng(0)
    for name, gradient in gradients.items():
        direction = generator.standard_normal(gradient.shape)
        losses = [
            rl.differentiate(parameters | {name: parameters[name] + size * direction}, played)[0]
            for size in (1e-5, -1e-5)
        ]
        assert (losses[0] - losses[1]) / 2e-5 == pytest.approx((gradient * direction).sum(), rel=1e-6)


def test_an_update_descends_from_a_baseline_that_is_the_mean_of_the_returns() -> None:
    arguments = _TASK.arguments()
    answers, doubles = _TASK.answers(arguments), _doubles()
    parameters = rl.policy(doubles)
    played = rl.play(parameters, doubles)
    updated = {name: answers[f"updated.{name}"] for name in parameters}
    assert rl.differentiate(updated, played)[0] < rl.differentiate(parameters, played)[0]
    assert answers["mean_return"] == pytest.approx(rl.discounted_returns(played.terminated).mean())
    # Were all returns the same, nothing would be learnt.
    all_alike = played._replace(terminated=np.ones_like(played.terminated))
    assert all((gradient == 0).all() for gradient in rl.differentiate(parameters, all_alike)[1].values())


@pytest.mark.parametrize("what", [rl.ROLLOUT, rl.UPDATE])
def test_a_limit_stands_for_every_result_and_work_is_counted_in_environment_steps(what: str) -> None:
    task = rl.make("smoke", name="rl", what=what, environments=8, steps=40)
    assert task.answers(task.arguments()).keys() == task.limits.by_result.keys()
    described = task.describe()
    assert (described["work"], described["work_unit"]) == (320, "environment steps")
    # Forward: 2·(4·32 + 32·32 + 32·2) a step; backward that for the weights, and again for all layers but the first.
    assert task.flops() == 320 * (2432 if what == rl.ROLLOUT else 3 * 2432 - 256)


def test_no_episode_could_last_longer_than_gymnasiums() -> None:
    assert all(rl.make(preset, name="rl", what=rl.ROLLOUT, environments=8).steps <= 500 for preset in PRESETS)
