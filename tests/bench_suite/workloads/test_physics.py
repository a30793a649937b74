"""The heat equation in float64, the gradient through it, and the inverse problem whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from speedscore.bench_suite.workloads import heat, physics

TOLERANCE = 0.01
"""Largest relative error of a recovered amplitude; what is measured is noisy."""


def test_a_mode_of_the_square_decays_as_the_equation_says() -> None:
    size = 40
    wave = np.sin(np.pi * heat.points(size))
    mode = wave[:, None] * wave
    eigenvalue = -4 * (1 - np.cos(np.pi / (size + 1)))
    np.testing.assert_allclose(heat.simulate(mode), (1 + heat.RATIO * eigenvalue) ** heat.STEPS * mode, rtol=1e-10)
    seconds = heat.STEPS * heat.time_step(size)
    np.testing.assert_allclose(heat.simulate(mode), np.exp(-2 * np.pi**2 * seconds) * mode, rtol=5e-3)


def test_a_source_warms_the_field_and_the_edge_takes_the_heat_away() -> None:
    size = 20
    inside = heat.simulate(np.zeros((size, size)), np.ones((size, size)), steps=3)
    total_seconds = 3 * heat.time_step(size)
    assert inside[10, 10] == pytest.approx(total_seconds)
    assert 0 < inside[0, 0] < inside[0, 10] < total_seconds


def test_the_gradient_agrees_with_finite_differences() -> None:
    generator = np.random.default_rng(0)
    initial, target, direction = generator.standard_normal((3, 12, 12))
    _, gradient = physics.differentiate(initial, target)
    errors = [physics.differentiate(initial + size * direction, target)[0] for size in (1e-4, -1e-4)]
    assert (errors[0] - errors[1]) / 2e-4 == pytest.approx((gradient * direction).sum(), rel=1e-7)
    single = np.zeros((12, 12))
    single[0, 5] = 1e-4
    errors = [physics.differentiate(initial + sign * single, target)[0] for sign in (1, -1)]
    assert (errors[0] - errors[1]) / 2e-4 == pytest.approx(gradient[0, 5], rel=1e-6)


@pytest.mark.parametrize("preset", ["smoke", "small"])
@pytest.mark.parametrize("draw", [0, 1, 2])
def test_the_inverse_problem_finds_its_answer(preset: str, draw: int) -> None:
    task = physics.make(preset, name="physics-inverse", what=physics.INVERSE)
    answers = task.answers(task.arguments(draw))
    np.testing.assert_allclose(answers["amplitudes"], task.true_amplitudes(draw), rtol=TOLERANCE)
    # What remains is the noise.
    assert answers["error"] == pytest.approx(physics.NOISE**2, rel=0.1)


def test_conjugate_gradients_are_those_of_the_residual_through_the_simulation() -> None:
    """``solve`` simulates each source once; here each gradient goes through the simulation and back."""
    task = physics.make("smoke", name="physics-inverse", what=physics.INVERSE)
    shapes, measured = (task.arguments()[name].astype(np.float64) for name in ("shapes", "measured"))

    def predict(amplitudes: np.ndarray) -> np.ndarray:
        return heat.simulate(np.zeros(measured.shape), np.tensordot(amplitudes, shapes, axes=1))

    def differentiate(amplitudes: np.ndarray) -> np.ndarray:
        back, total = predict(amplitudes) - measured, np.zeros(measured.shape)
        for _ in range(heat.STEPS):
            total, back = total + back, back + heat.RATIO * heat.laplacian(back)
        return heat.time_step(task.size) * np.tensordot(shapes, total, axes=2)

    amplitudes = np.zeros(physics.SOURCES)
    gradient = differentiate(amplitudes)
    direction = -gradient
    for _ in range(physics.ITERATIONS):
        squared = gradient @ gradient
        amplitudes = amplitudes + squared / (predict(direction) ** 2).sum() * direction
        gradient = differentiate(amplitudes)
        direction = (gradient @ gradient) / squared * direction - gradient
    found, _ = physics.solve(shapes, measured)
    np.testing.assert_allclose(found, amplitudes, rtol=1e-9)


@pytest.mark.parametrize("what", [physics.GRADIENT, physics.INVERSE])
def test_a_limit_stands_for_every_result_and_the_stencil_is_counted(what: str) -> None:
    task = physics.make("smoke", name="physics", what=what)
    assert task.answers(task.arguments()).keys() == task.limits.by_result.keys()
    simulation = 7 * 64 * 64 * 200
    assert task.flops() == simulation * (2 if what == physics.GRADIENT else 2 * 6 + 5)
