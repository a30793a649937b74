"""A slowdown that one gate has found is known again in another by its estimate, whatever the verdict is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from speedscore.gate.same_slowdown import beside, is_as_slow
from speedscore.gate.upgrades.blame import BlameStep, Names, find_blame
from speedscore.verdicts.time_verdict import read_time
from speedscore.verdicts.verdict import Figure, FigureVerdict, Outcome, Verdict, VerdictPolicy, early_looks, looks


def verdict(ratio: float | None, outcome: Outcome = "unchanged", **more: object) -> Verdict:
    return Verdict(**{"case": "a", "metric": "time", "outcome": outcome, "ratio": ratio, "pairs": 12, **more})  # type: ignore[arg-type]


def figures(typical: float, mean: float) -> tuple[FigureVerdict, ...]:
    named: dict[Figure, float] = {"typical round": typical, "mean": mean}
    return tuple(
        FigureVerdict(figure=name, outcome="unchanged", ratio=ratio, low=None, high=None, smallest_visible=None)
        for name, ratio in named.items()
    )


FOUND = verdict(1.02, "regressed")


@pytest.mark.parametrize("outcome", ["regressed", "improved", "unchanged", "inconclusive"])
@pytest.mark.parametrize(("ratio", "is_slower"), [(1.019, True), (1.011, True), (1.009, False), (0.99, False)])
def test_the_estimate_decides_and_not_the_verdict(outcome: Outcome, ratio: float, is_slower: bool) -> None:
    assert is_as_slow(verdict(ratio, outcome), FOUND) is is_slower


def test_what_was_not_compared_tells_nothing() -> None:
    assert is_as_slow(None, FOUND) is None
    assert is_as_slow(verdict(None, "not comparable"), FOUND) is None


def test_the_figure_that_got_slower_is_looked_at_again_and_no_other() -> None:
    of_mean = verdict(1.02, "regressed", figures=figures(1.0, 1.02))
    assert is_as_slow(verdict(1.0, figures=figures(1.0, 1.02)), of_mean)
    assert not is_as_slow(verdict(1.02, figures=figures(1.02, 1.0)), of_mean)


def test_only_what_regressed_is_looked_for_and_no_count() -> None:
    found = [FOUND, verdict(1.02, "unchanged", case="b"), verdict(1.02, "regressed", metric="flops", pairs=0)]
    again = [verdict(1.02), verdict(1.02, case="b"), verdict(1.02, metric="flops", pairs=0), verdict(1.02, case="c")]
    assert beside(again, found) == [(verdict(1.02), True)]
    assert beside([verdict(1.0)], found) == [(verdict(1.0), False)]
    assert beside([], found) == [(FOUND, None)], "nothing is known of it"


@pytest.mark.parametrize(("spread", "most_wrong"), [(0.014, 0.03), (0.02, 0.25)])
def test_of_a_slowdown_that_is_smaller_than_what_gates_find_mostly_the_right_package_is_named(
    spread: float, most_wrong: float
) -> None:
    """Where verdicts decided, every second search and more named a wrong one at the larger spread."""
    rng, wrong, searches = np.random.default_rng(1), 0, 60
    sets = [frozenset(f"p{place:02}" for place in range(size)) for size in range(17)]

    def judge(names: Names) -> BlameStep:
        return BlameStep(tuple(sorted(names)), is_slower=is_as_slow(gated(rng, spread, "p07" in names), found))

    for _ in range(searches):
        found = gated(rng, spread, True)
        while found.outcome != "regressed":
            found = gated(rng, spread, True)
        wrong += find_blame("a", sets, judge).packages != ("p07",)
    assert wrong / searches <= most_wrong


def gated(rng: np.random.Generator, spread: float, is_slower: bool) -> Verdict:
    """What a gate of one case says, whose pairs are drawn, of a slowdown of 2 % or of none."""
    policy, figure_count = VerdictPolicy(), 3
    schedule, early = looks(policy, figure_count=figure_count), early_looks(policy, figure_count=figure_count)
    typical = rng.normal(math.log(1.02) if is_slower else 0.0, spread, schedule[-1])
    mean = typical + rng.normal(0.0, 0.005, schedule[-1])
    for count in (*early, *schedule):
        both = (typical[:count].tolist(), mean[:count].tolist())
        last = count == schedule[-1]
        reading = read_time(*both, policy, figure_count=figure_count, last=last, early=count in early)
        if reading.outcome is not None:
            return verdict(reading.ratio, reading.outcome, figures=reading.figures)
    raise AssertionError("the last look decides")
