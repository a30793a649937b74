"""Gates without processes: rounds are drawn from models of a noisy machine, and go the way that measured ones go."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from speedscore.gate.rounds.pair_statistics import mean_log_ratio, typical_log_ratio
from speedscore.gate.sides.side import Timed
from speedscore.verdicts.change_claim import ChangeClaim, ClaimOutcome, judge_claim
from speedscore.verdicts.time_verdict import read_time
from speedscore.verdicts.verdict import Outcome, VerdictPolicy, early_looks, looks

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


def spikes(rng: np.random.Generator, rounds: int) -> NDArray[np.float64]:
    """One round in fifty lasts longer, some of them several times as long, and nobody says why."""
    level = rng.normal(0.0, 0.02, rounds)
    level[rng.random(rounds) < 0.02] += rng.exponential(0.4)
    return level


def nothing_taken(rng: np.random.Generator, rounds: int) -> NDArray[np.float64]:  # noqa: ARG001 - as others are asked
    return np.zeros(rounds)


def slices_taken(rng: np.random.Generator, rounds: int) -> NDArray[np.float64]:
    """A neighbour is at work half of the time, for some ten rounds on end, and then has every other slice of 4 ms;
    a round has 5 ms."""
    is_at_work = (np.arange(rounds) + rng.integers(0, 20)) // 10 % 2
    return np.asarray(0.8 * is_at_work * rng.integers(0, 3, rounds), dtype=np.float64)


class Machine(NamedTuple):
    """What a machine does to rounds of one second."""

    noise: Noise
    taken: Callable[[np.random.Generator, int], NDArray[np.float64]] = nothing_taken
    """Seconds that others take, and the kernel says so."""


MACHINES: dict[str, Machine] = {
    "normal": Machine(normal),
    "heavy-tailed": Machine(heavy_tailed),
    "autocorrelated": Machine(autocorrelated),
    "steps": Machine(steps),
    "spikes": Machine(spikes),
    "neighbour": Machine(normal, slices_taken),
}


class Change(NamedTuple):
    """What head does otherwise."""

    slowdown: float = 0.0
    of_calls: float = 1.0
    """So large a share of the calls has it, drawn anew for each."""


def pair(rng: np.random.Generator, machine: Machine, change: Change) -> tuple[float, float]:
    """The log ratios of one pair, of the typical round and of the mean: rounds in the order A B B A, who is A drawn."""
    rounds = 2 * COUPLES
    is_head = np.array([1, 0, 0, 1] * (COUPLES // 2)) ^ rng.integers(0, 2)
    is_slowed = is_head * (rng.random(rounds) < change.of_calls)
    processes = rng.normal(0.0, PROCESS_SPREAD, 2)
    own = np.exp(machine.noise(rng, rounds) + processes[is_head]) * (1 + is_slowed * change.slowdown)
    taken = machine.taken(rng, rounds)
    timed = [Timed(*each) for each in zip((own + taken).tolist(), own.tolist(), taken.tolist(), strict=True)]
    base, head = ([each for each, of in zip(timed, is_head, strict=True) if of == side] for side in (0, 1))
    typical, mean = typical_log_ratio(base, head), mean_log_ratio(base, head)
    assert typical is not None
    assert mean is not None
    return typical, mean


def outcomes(
    machine: Machine, change: Change, *, gates: int, policy: VerdictPolicy, figure_count: int = 2, seed: int = 0
) -> Counter[Outcome]:
    """What so many gates say of one time. ``figure_count`` are those of all cases, its own two included."""
    rng = np.random.default_rng(seed)
    found: Counter[Outcome] = Counter()
    for _ in range(gates):
        pairs: list[tuple[float, float]] = []

        def further(count: int, pairs: list[tuple[float, float]] = pairs) -> tuple[Log, Log]:
            pairs += [pair(rng, machine, change) for _ in range(count - len(pairs))]
            typical, mean = zip(*pairs, strict=True)
            return typical, mean

        found[decided(further, policy, figure_count=figure_count).outcome] += 1
    return found


Log = Sequence[float]


class Decided(NamedTuple):
    """How a case ended."""

    outcome: Outcome
    pairs: int


def decided(log_ratios: Callable[[int], tuple[Log, Log]], policy: VerdictPolicy, *, figure_count: int) -> Decided:
    """What is said at the look that decides. ``log_ratios`` gives those of the typical round and of the mean of so many
    pairs."""
    early, later = (schedule(policy, figure_count=figure_count) for schedule in (early_looks, looks))
    for count in (*early, *later):
        outcome = read_time(
            *log_ratios(count), policy, figure_count=figure_count, last=count == later[-1], early=count in early
        ).outcome
        if outcome is not None:
            return Decided(outcome, count)
    raise AssertionError("the last look decides")


class SharedPairs(NamedTuple):
    """How noisy the pairs are that all cases of a run share: spreads of log ratios."""

    common: float = 0.0
    """Of what a pair does to all of its cases alike: where its processes lie, which processor it was dealt."""
    own: float = 0.01
    """Of what it does to each case by itself."""
    of_mean: float = 0.007
    """Of what the mean has besides."""


def run_of_cases(
    rng: np.random.Generator,
    noise: SharedPairs,
    *,
    slowdowns: Sequence[float],
    policy: VerdictPolicy,
    figure_count: int | None = None,
) -> list[Decided]:
    """What is said of as many cases of a run as there are slowdowns.

    ``figure_count`` are those of all cases; without it there are no others. Each has a memory too, which is not drawn.
    """
    figure_count = figure_count or 3 * len(slowdowns)
    most = looks(policy, figure_count=figure_count)[-1]
    common = rng.normal(0.0, noise.common, most)
    run = []
    for slowdown in slowdowns:
        typical = common + rng.normal(math.log1p(slowdown), noise.own, most)
        mean = typical + rng.normal(0.0, noise.of_mean, most)

        def drawn(
            count: int, typical: NDArray[np.float64] = typical, mean: NDArray[np.float64] = mean
        ) -> tuple[Log, Log]:
            return typical[:count].tolist(), mean[:count].tolist()

        run.append(decided(drawn, policy, figure_count=figure_count))
    return run


def claim_outcomes(
    machine: Machine,
    change: Change,
    claim: ChangeClaim,
    *,
    gates: int,
    policy: VerdictPolicy,
    figure_count: int = 2,
    seed: int = 0,
) -> Counter[ClaimOutcome]:
    """What so many gates say of a claim about one time, each going on until it is judged."""
    rng = np.random.default_rng(seed)
    found: Counter[ClaimOutcome] = Counter()
    schedule = looks(policy, figure_count=figure_count)
    for _ in range(gates):
        pairs: list[tuple[float, float]] = []
        for count in schedule:
            pairs += [pair(rng, machine, change) for _ in range(count - len(pairs))]
            typical, mean = zip(*pairs, strict=True)
            verdict = judge_claim(
                claim,
                "a case",
                {"typical round": typical, "mean": mean},
                policy,
                figure_count=figure_count,
                last=count == schedule[-1],
            )
            if verdict is not None:
                found[verdict.outcome] += 1
                break
    return found
