"""Differentiating through 200 steps of the heat equation: the gradient of the final error, and an inverse problem.

Here stand its sizes, data and the right answer (the simulation is ``heat``'s). Task ``gradient``: arguments are the
``initial`` field and the ``target`` [size, size]; results the ``error``, mean((final field − target)²), and its
``gradient`` [size, size] with respect to the initial field.

Task ``inverse``: arguments are the ``shapes`` of heat sources [sources, size, size] that warm a cold field, and what is
``measured`` [size, size] of it after the steps, with noise. Sought are their ``amplitudes`` [sources]: conjugate
gradients on half the squared residual, from zero, each gradient taken through the simulation and each step's length by
one more simulation of the direction. The other result is the ``error`` that remains, the mean squared residual. The
true amplitudes are known.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.workloads import canonical, heat
from speedscore.bench_suite.workloads.tanh_net import Doubles
from speedscore.bench_suite.workloads.task import Arguments, Limits
from speedscore.host.fields import Scalar

GRADIENT, INVERSE = "gradient", "inverse"
SOURCES = 6
ITERATIONS = 5
"""In exact arithmetic a sixth would leave no more to find. It moves the amplitudes by 1e-3 of themselves at most, where
rounding in float32 is felt most; the fifth moves them by up to 2e-2, so that one left out is seen."""
NOISE = 0.01
"""Standard deviation of what is measured, where the field reaches about 0.5."""
_RADIUS, _WIDTH = 0.35, 0.1
"""Of the disc in which the sources stand, and of each of them, in sides of the square."""


class HeatEquation(msgspec.Struct, frozen=True):
    """The task at one preset."""

    model: str
    preset: str
    what: str
    """``gradient`` or ``inverse``."""
    size: int
    """Inner points along a side."""
    limits: Limits
    calls: int = 1
    made_by: str = "float64 NumPy, by hand"

    def arguments(self, draw: int = 0) -> Arguments:
        name, shape = f"physics.{draw}", (self.size, self.size)
        if self.what == GRADIENT:
            return {
                "initial": canonical.normal(f"{name}.initial", shape, mean=1.0, standard_deviation=0.5),
                "target": canonical.normal(f"{name}.target", shape, mean=0.5, standard_deviation=0.1),
            }
        shapes = _shapes(self.size)
        warmed = heat.simulate(np.zeros(shape), np.tensordot(self.true_amplitudes(draw), shapes, axes=1))
        noise = canonical.normal(f"{name}.noise", shape, standard_deviation=NOISE)
        return {"shapes": shapes.astype(np.float32), "measured": (warmed + noise).astype(np.float32)}

    def true_amplitudes(self, draw: int = 0) -> NDArray[np.float64]:
        """[sources]: what an inverse problem is to find, but for the noise."""
        return canonical.uniform(f"physics.{draw}.amplitudes", (SOURCES,), low=0.5, high=1.5).astype(np.float64)

    def answers(self, arguments: Arguments) -> Doubles:
        doubles = {name: values.astype(np.float64) for name, values in arguments.items()}
        if self.what == GRADIENT:
            error, gradient = differentiate(doubles["initial"], doubles["target"])
            return {"error": np.array(error), "gradient": gradient}
        amplitudes, error = solve(doubles["shapes"], doubles["measured"])
        return {"amplitudes": amplitudes, "error": np.array(error)}

    def flops(self) -> int:
        """The stencil of every simulation and of every gradient's way back through one, at every point and step.

        An inverse problem takes a gradient at the start and after each iteration, and simulates each direction.
        """
        simulation = heat.STEPS * self.size**2 * heat.STEP_FLOPS
        return 2 * simulation if self.what == GRADIENT else (2 * (ITERATIONS + 1) + ITERATIONS) * simulation

    def describe(self) -> dict[str, Scalar]:
        return {
            "size": self.size,
            "steps": heat.STEPS,
            **({} if self.what == GRADIENT else {"sources": SOURCES, "iterations": ITERATIONS}),
            "work": 1,
            "work_unit": "gradients" if self.what == GRADIENT else "solutions",
        }


def differentiate(initial: NDArray[np.float64], target: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """The error of the final field and its gradient. A step's matrix is symmetric, so that it is its own adjoint."""
    residual = heat.simulate(initial) - target
    return float((residual**2).mean()), heat.simulate(2.0 * residual / residual.size)


def solve(shapes: NDArray[np.float64], measured: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Amplitudes and mean squared residual after the iterations.

    The final field is linear in the amplitudes, so one simulation of each source serves for all iterations.
    """
    fields = heat.simulate(np.zeros(shapes.shape), shapes).reshape(len(shapes), -1)
    residual, amplitudes = -measured.ravel(), np.zeros(len(shapes))
    gradient = fields @ residual
    direction = -gradient
    for _ in range(ITERATIONS):
        change = direction @ fields
        length = (gradient @ gradient) / (change @ change)
        amplitudes = amplitudes + length * direction
        residual = residual + length * change
        following = fields @ residual
        direction = (following @ following) / (gradient @ gradient) * direction - following
        gradient = following
    return amplitudes, float((residual**2).mean())


def _shapes(size: int) -> NDArray[np.float64]:
    """Bells on a spiral [sources, size, size], as high as a source needs to be to bring the field to about 0.5."""
    turns = np.arange(SOURCES)
    radii, angles = _RADIUS * np.sqrt((turns + 0.5) / SOURCES), turns * np.pi * (3 - 5**0.5)
    rows, columns = (0.5 + (radii * places)[:, None] for places in (np.cos(angles), np.sin(angles)))
    across, along = (np.exp(-((heat.points(size) - centre) ** 2) / (2 * _WIDTH**2)) for centre in (rows, columns))
    total_seconds = heat.STEPS * heat.time_step(size)
    bells: NDArray[np.float64] = across[:, :, None] * along[:, None, :] / total_seconds
    return bells


_REASON = "On the CPU of JAX and TensorFlow at all presets, of PyTorch, eager and compiled, at smoke and small: "
_LIMITS = {
    GRADIENT: Limits(
        by_result={"error": 5e-6, "gradient": 1e-5},
        reason=f"{_REASON}at worst 3.0e-7 of the error and 8.4e-7 of the gradient; about ten times that.",
    ),
    INVERSE: Limits(
        by_result={"amplitudes": 5e-4, "error": 2e-4},
        reason=(
            f"{_REASON}at worst 1.0e-4 of the amplitudes and 2.3e-5 of what remains, in JAX at full: rounding in the "
            "sums over the field is felt in the last iterations, whose gradients are small differences. An iteration "
            "less is 2e-2 off at smoke; the noise of what is measured moves the amplitudes by 2e-3."
        ),
    ),
}

_SIZES = {"smoke": 64, "small": 128, "full": 512}


def make(preset: str, *, name: str, what: str) -> HeatEquation:
    """The workload at ``preset``. Raises ValueError naming the presets there are."""
    return HeatEquation(name, preset, what, canonical.pick(_SIZES, name, preset), _LIMITS[what])
