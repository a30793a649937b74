"""Gates without processes: rounds are drawn from models of a noisy machine, and go the way that measured ones go."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from speedscore.verdicts.verdict import Outcome, VerdictPolicy, looks, read

Noise = Callable[[np.random.Generator, int], NDArray[np.float64]]
"""Log seconds that the machine adds to so many rounds, one after the other."""

COUPLES = 20
PROCESS_SPREAD = 0.01
"""Of the log seconds of a process's rounds: what a process is dealt at its start stays with it."""


def normal(rng: np.random.Generator, rounds: int) -> NDArray[np.float64]:
    return rng.normal(0.0, 0.05, rounds)


def heavy_tailed(rng: np.random.Generator, rounds: int) -> NDArray[np.float64]:
    """Student's t with two degrees of freedom has no variance."""
    return 0.05 * rng.standard_t(2.0, rounds)


def autocorrelated(rng: np.random.Generator, rounds: int) -> NDArray[np.float64]:
    """A machine that warms up, cools down and is shared: each round is much like the one before."""
    shocks = rng.normal(0.0, 0.05, rounds)
    level = np.empty(rounds)
    level[0] = shocks[0] / math.sqrt(1 - 0.95**2)
    for index in range(1, rounds):
        level[index] = 0.95 * level[index - 1] + shocks[index]
    return level


def steps(rng: np.random.Generator, rounds: int) -> NDArray[np.float64]:
    """A neighbour takes a third of the processor from some moment on, until another."""
    begin, end = np.sort(rng.integers(0, rounds, 2))
    level = rng.normal(0.0, 0.02, rounds)
    level[begin:end] += 0.4
    return level


NOISES: dict[str, Noise] = {
    "normal": normal,
    "heavy-tailed": heavy_tailed,
    "autocorrelated": autocorrelated,
    "steps": steps,
}


def pair(rng: np.random.Generator, noise: Noise, *, slowdown: float) -> float:
    """The log ratio of one pair: rounds in the order A B B A, who is A drawn, and the median over neighbours."""
    added = noise(rng, 2 * COUPLES)
    head = np.array([1, 0, 0, 1] * (COUPLES // 2)) ^ rng.integers(0, 2)
    processes = rng.normal(0.0, PROCESS_SPREAD, 2)
    logs = added + processes[head] + head * math.log1p(slowdown)
    of_head, of_base = np.where(head == 1, logs, 0.0), np.where(head == 0, logs, 0.0)
    couples = (of_head - of_base).reshape(COUPLES, 2).sum(axis=1)
    return float(np.median(couples))


def outcomes(
    noise: Noise, *, slowdown: float, gates: int, policy: VerdictPolicy, figures: int = 1, seed: int = 0
) -> Counter[Outcome]:
    """What so many gates say of one metric."""
    rng = np.random.default_rng(seed)
    found: Counter[Outcome] = Counter()
    schedule = looks(policy, figures=figures)
    for _ in range(gates):
        logs: list[float] = []
        for count in schedule:
            logs += [pair(rng, noise, slowdown=slowdown) for _ in range(count - len(logs))]
            outcome = read(logs, policy, figures=figures, last=count == schedule[-1]).outcome
            if outcome is not None:
                found[outcome] += 1
                break
    return found
