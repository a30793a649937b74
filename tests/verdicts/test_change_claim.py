"""How often what is said of a claim is right, by simulation: the tests of the rule itself are in tests/gate."""

from __future__ import annotations

import math
import random

import pytest

from speedscore.verdicts.change_claim import ChangeClaim, judge_claim
from speedscore.verdicts.signed_rank import centre, lower_limit, upper_limit
from speedscore.verdicts.verdict import Figure, VerdictPolicy, looks
from tests.gate.simulated_gates import MACHINES, Change, claim_outcomes

POLICY = VerdictPolicy()
GATES = 20
FIGURES: tuple[Figure, ...] = ("typical round", "mean")


def faster(share: float | None) -> ChangeClaim:
    return ChangeClaim("a claim", "a test", "faster", None if share is None else -math.log1p(-share))


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("claimed", [None, 0.02, 0.1])
def test_no_change_is_never_called_faster(machine: str, claimed: float | None) -> None:
    said = claim_outcomes(MACHINES[machine], Change(), faster(claimed), gates=GATES, policy=POLICY)
    assert said["supported"] == 0


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("size", [0.05, 0.1, 0.3])
def test_what_is_as_fast_as_claimed_is_seldom_contradicted_and_mostly_supported(machine: str, size: float) -> None:
    said = claim_outcomes(MACHINES[machine], Change(-size), faster(size), gates=GATES, policy=POLICY)
    assert said["contradicted"] == 0
    assert said["supported"] >= 0.8 * GATES


@pytest.mark.parametrize("machine", MACHINES)
def test_a_tenth_of_what_is_claimed_is_contradicted(machine: str) -> None:
    said = claim_outcomes(MACHINES[machine], Change(-0.03), faster(0.3), gates=GATES, policy=POLICY)
    assert said["contradicted"] == GATES


def noise(count: int, *, chance: random.Random, spread: float, middle: float = 0.0) -> list[float]:
    return [chance.gauss(middle, spread) for _ in range(count)]


def test_a_claim_is_judged_at_the_level_of_a_false_alarm_however_many_figures_share_it() -> None:
    chance, figures = random.Random(1), 64
    pairs = looks(POLICY, figure_count=figures)[0]
    for _ in range(300):
        told = {name: noise(pairs, chance=chance, spread=0.15) for name in FIGURES}
        verdict = judge_claim(faster(None), "test", told, POLICY, figure_count=figures, last=False)
        assert verdict is None, "at the level of an interval that is shown, one in fifty would be called faster"


@pytest.mark.parametrize(("figures", "level"), [(2, 0.998), (60, 1 - 0.02 / 60 / 5)])
def test_a_claim_names_the_level_of_its_interval(figures: int, level: float) -> None:
    told = {name: noise(60, chance=random.Random(4), spread=0.01, middle=-0.1) for name in FIGURES}
    verdict = judge_claim(faster(None), "test", told, VerdictPolicy(), figure_count=figures, last=True)
    assert verdict is not None
    assert verdict.interval_level == pytest.approx(level, abs=1e-9)
    values, error = told[verdict.figure or "mean"], (1 - level) / 2
    expected = [math.exp(limit(values, error=error)) for limit in (lower_limit, upper_limit)]
    assert [verdict.low, verdict.high] == pytest.approx(expected)


def test_what_the_mean_leaves_open_contradicts_no_claim_that_its_estimate_is_near_to() -> None:
    chance = random.Random(2)
    for _ in range(40):
        told: dict[Figure, list[float]] = {
            "typical round": noise(60, chance=chance, spread=0.005),
            "mean": noise(60, chance=chance, spread=0.2, middle=-0.1),
        }
        verdict = judge_claim(faster(0.1), "test", told, POLICY, figure_count=2, last=True)
        assert verdict is not None
        assert verdict.outcome != "contradicted" or centre(told["mean"]) > math.log1p(-0.1) / 2


def test_a_claim_below_the_margin_is_told_from_nothing_by_no_number_of_pairs() -> None:
    told = {name: noise(200, chance=random.Random(3), spread=0.001, middle=-0.005) for name in FIGURES}
    verdict = judge_claim(faster(0.005), "test", told, POLICY, figure_count=2, last=False)
    assert verdict is not None
    assert (verdict.outcome, "margin" in verdict.reason) == ("indistinguishable", True)
