"""CartPole as equations: the constants, one step in float64 NumPy, and how near a step came to another decision.

The system of Barto, Sutton and Anderson (1983) without friction, with the constants, the Euler integrator and the
limits of Gymnasium's CartPole-v1. A state is [position, velocity, angle, angular velocity] in metres, radians and
seconds. It draws nothing and knows no policy; the 500 steps after which Gymnasium ends an episode are the caller's.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

GRAVITY = 9.8
CART_MASS = 1.0
POLE_MASS = 0.1
HALF_LENGTH = 0.5
"""Of the pole, from its joint to its centre of mass."""
FORCE = 10.0
"""To the right for action 1, to the left for action 0."""
STEP_SECONDS = 0.02
POSITION_LIMIT = 2.4
ANGLE_LIMIT = 12 * 2 * math.pi / 360
"""Beyond either limit an episode ends."""
START_LIMIT = 0.05
"""An episode starts with each number of its state uniform between minus and plus this."""

TOTAL_MASS = CART_MASS + POLE_MASS
POLE_MOMENT = POLE_MASS * HALF_LENGTH


class Step(NamedTuple):
    """What one step gives."""

    state: NDArray[np.float64]
    """[..., 4]; of an episode that has ended, the state in which it did."""
    terminated: NDArray[np.bool_]
    """[...]"""
    margin: NDArray[np.float64]
    """[...]: how far the nearer of position and angle, in its unit, is from its limit."""


def step(state: NDArray[np.float64], action: NDArray[np.bool_]) -> Step:
    """From state [..., 4] under action [...] to the next one."""
    _, velocity, angle, spin = np.moveaxis(state, -1, 0)
    force = np.where(action, FORCE, -FORCE)
    cosine, sine = np.cos(angle), np.sin(angle)
    push = (force + POLE_MOMENT * spin**2 * sine) / TOTAL_MASS
    angular = (GRAVITY * sine - cosine * push) / (HALF_LENGTH * (4 / 3 - POLE_MASS * cosine**2 / TOTAL_MASS))
    linear = push - POLE_MOMENT * angular * cosine / TOTAL_MASS
    rates = np.stack([velocity, linear, spin, angular], axis=-1)
    following = state + STEP_SECONDS * rates
    over = np.stack([np.abs(following[..., 0]) - POSITION_LIMIT, np.abs(following[..., 2]) - ANGLE_LIMIT])
    terminated: NDArray[np.bool_] = np.asarray((over > 0).any(axis=0))
    return Step(following, terminated, np.abs(over).min(axis=0))
