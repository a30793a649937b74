"""The rule by which a verdict is drawn: when it decides, how often it may be wrong, and what it says it could see."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pytest
from scipy.stats import binom

from speedscore.verdicts.verdict import LOOKS, Outcome, PairedReading, VerdictPolicy, early_looks, looks, read
from tests.gate.simulated_gates import SharedPairs, run_of_cases

MANY = tuple(0.001 * (-1) ** index for index in range(12))
"""The log ratios of twelve pairs of the same code on a quiet machine."""


def shifted(size: float) -> list[float]:
    return [value + math.log1p(size) for value in MANY]


@pytest.mark.parametrize(
    ("size", "outcome"), [(0.05, "regressed"), (0.02, "regressed"), (0.0, "unchanged"), (-0.05, "improved")]
)
def test_a_plain_case_is_decided_at_once(size: float, outcome: str) -> None:
    assert read(shifted(size), VerdictPolicy(), figure_count=1, last=False).outcome == outcome


def test_what_lies_within_the_margin_is_no_regression_however_certain() -> None:
    assert read(shifted(0.008), VerdictPolicy(), figure_count=1, last=False).outcome == "unchanged"


def test_a_small_slowdown_is_followed_up_although_the_size_to_be_detected_is_excluded() -> None:
    noisy = [value * 10 for value in MANY]
    drawn = [value + math.log1p(0.02) for value in noisy]
    reading = read(drawn, VerdictPolicy(), figure_count=1, last=False)
    assert reading.high < 1.05
    assert reading.outcome is None
    assert read(drawn, VerdictPolicy(), figure_count=1, last=True).outcome == "unchanged"


def test_noise_that_hides_the_size_to_be_detected_is_inconclusive_in_the_end() -> None:
    noisy = [value * 100 for value in MANY]
    assert read(noisy, VerdictPolicy(), figure_count=1, last=False).outcome is None
    assert read(noisy, VerdictPolicy(), figure_count=1, last=True).outcome == "inconclusive"


def test_a_single_pair_gone_astray_asks_for_more_pairs_and_is_then_outvoted() -> None:
    assert read([*MANY[:-1], 0.7], VerdictPolicy(), figure_count=1, last=False).outcome is None
    assert read([*MANY, *MANY, 0.7], VerdictPolicy(), figure_count=1, last=False).outcome == "unchanged"


def test_too_few_pairs_decide_nothing_and_have_no_limit() -> None:
    reading = read([0.5, 0.5, 0.5], VerdictPolicy(), figure_count=1, last=False)
    assert reading.outcome is None
    assert reading.low == 0.0
    assert reading.high == math.inf
    assert reading.smallest_visible is None


def test_more_metrics_ask_for_more_pairs() -> None:
    schedules = [looks(VerdictPolicy(), figure_count=figure_count) for figure_count in (1, 2, 4, 50, 1000)]
    assert [len(schedule) for schedule in schedules] == [LOOKS] * len(schedules)
    assert all(list(schedule) == sorted(set(schedule)) for schedule in schedules)
    assert [schedule[0] for schedule in schedules] == sorted(schedule[0] for schedule in schedules)
    assert schedules[0][0] == 9  # 2^-9 is the first below 1 % / 5 looks


def test_the_early_looks_come_before_the_first_and_cost_the_cases_no_more_the_more_there_are() -> None:
    early = [early_looks(VerdictPolicy(), figure_count=figure_count) for figure_count in (1, 6, 96, 600)]
    assert early == [(), (9,), (9, 13), (9, 13)]
    assert early_looks(VerdictPolicy(false_alarm=0.4, miss=0.4), figure_count=1) == ()


def early(log_ratios: Sequence[float], *, last: bool = False) -> PairedReading:
    return read(log_ratios, VerdictPolicy(), figure_count=96, last=last, early=True)


@pytest.mark.parametrize(
    ("size", "outcome"),
    [(0.0, "unchanged"), (0.006, "unchanged"), (-0.006, "unchanged"), (0.012, None), (-0.02, None), (0.5, None)],
)
def test_an_early_look_lets_go_what_is_clearly_unchanged_and_says_nothing_else(
    size: float, outcome: Outcome | None
) -> None:
    quiet = [size + 0.001 * (-1) ** index for index in range(9)]
    assert early(quiet).outcome == outcome
    assert early(quiet, last=True).outcome == (outcome or "unchanged" if abs(size) < 0.05 else "inconclusive")


def test_an_early_look_asks_for_more_certainty_than_that_the_size_to_be_detected_is_excluded() -> None:
    noisy = [0.025 * (-1) ** index for index in range(9)]
    assert early(noisy).excludes_detect
    assert early(noisy).outcome is None


def test_what_leaves_early_says_what_the_first_look_would_show_and_the_more_carefully_the_fewer_pairs_there_were() -> (
    None
):
    first = looks(VerdictPolicy(), figure_count=96)[0]
    quiet = {
        pairs: [0.002 * NormalDist().inv_cdf((place + 0.5) / pairs) for place in range(pairs)]
        for pairs in (9, 13, first)
    }
    told = [early(logs).smallest_visible or 0.0 for logs in quiet.values()]
    assert told == sorted(told, reverse=True)
    assert told[-1] == pytest.approx(0.016, abs=0.001)
    assert told[0] < 0.022
    assert early([*quiet[9][:-1], 0.05]).smallest_visible is None, "it has not left"


def test_a_slowdown_that_a_case_says_it_would_have_shown_as_it_left_does_not_leave_and_is_found() -> None:
    few, schedule = 9, looks(VerdictPolicy(), figure_count=96)
    told = [early(logs).smallest_visible for logs in _drawn(few, gates=60, slowdown=0.0, spread=0.003)]
    sizes = sorted(size for size in told if size is not None)
    size = sizes[len(sizes) // 2]
    slowed = _drawn(schedule[2], gates=200, slowdown=size, spread=0.003)
    assert all(early(logs[:few]).outcome is None for logs in slowed)
    found = [
        any(
            read(logs[:pairs], VerdictPolicy(), figure_count=96, last=False).outcome == "regressed"
            for pairs in schedule
        )
        for logs in slowed
    ]
    assert sum(found) / len(found) >= 0.95


@pytest.mark.parametrize("common", [0.0, 0.01], ids=["alone", "alike"])
def test_cases_that_share_pairs_raise_alarms_as_seldom_as_they_may(common: float) -> None:
    policy, rng = VerdictPolicy(margin=0.0, false_alarm=0.2), np.random.default_rng(7)
    noise = SharedPairs(common=common)
    runs = [run_of_cases(rng, noise, slowdowns=[0.0] * 8, policy=policy) for _ in range(60)]
    alarmed = sum(any(case.outcome == "regressed" for case in run) for run in runs)
    assert alarmed <= int(binom.isf(0.001, len(runs), policy.false_alarm))


@pytest.mark.parametrize("common", [0.0, 0.01], ids=["alone", "alike"])
def test_of_many_cases_that_share_pairs_the_slower_ones_are_found_and_most_others_leave_early(common: float) -> None:
    rng = np.random.default_rng(8)
    slowdowns = [0.02, 0.05, *[0.0] * 30]
    runs = [
        run_of_cases(rng, SharedPairs(common=common), slowdowns=slowdowns, policy=VerdictPolicy()) for _ in range(4)
    ]
    assert all(run[1].outcome == "regressed" for run in runs)
    assert not any(run[0].pairs < 16 for run in runs), "a true 2 % does not leave early"
    assert np.mean([case.pairs for run in runs for case in run[2:]]) < 13


def test_the_first_look_can_already_say_regressed() -> None:
    for figure_count in (1, 3, 40):
        pairs = looks(VerdictPolicy(), figure_count=figure_count)[0]
        assert read([0.1] * pairs, VerdictPolicy(), figure_count=figure_count, last=False).outcome == "regressed"
        assert read([0.1] * (pairs - 1), VerdictPolicy(), figure_count=figure_count, last=False).outcome is None


@pytest.mark.parametrize(
    "sizes", [{"margin": 0.05}, {"margin": -0.01}, {"detect": 0.0}, {"false_alarm": 0.0}, {"miss": 0.5}], ids=str
)
def test_a_policy_that_cannot_be_kept_is_refused(sizes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"margin|must lie between"):
        VerdictPolicy(**sizes)


@pytest.mark.parametrize(("figure_count", "look"), [(2, 0), (6, 0), (6, 1), (96, 0), (2, 4)])
def test_what_a_gate_says_it_sees_it_does_see(figure_count: int, look: int) -> None:
    """At every look, the first included, at which nearly every pair must lie above the margin: of the slowdown that a
    gate names, as many other pairs miss about the share that ``miss`` allows."""
    policy = VerdictPolicy()
    pairs = looks(policy, figure_count=figure_count)[look]
    told = [
        read(logs, policy, figure_count=figure_count, last=True).smallest_visible
        for logs in _drawn(pairs, gates=300, slowdown=0.0)
    ]
    seen = [
        read([value + math.log1p(size) for value in logs], policy, figure_count=figure_count, last=True).outcome
        for size, logs in zip(told, _drawn(pairs, gates=300, slowdown=0.0, seed=4), strict=True)
        if size is not None
    ]
    assert len(seen) == 300
    assert seen.count("regressed") / 300 == pytest.approx(1 - policy.miss, abs=0.03)


def test_what_stays_inconclusive_says_how_many_pairs_would_find_the_size_and_they_do() -> None:
    policy, spread = VerdictPolicy(), 0.05
    needed = [
        read(logs, policy, figure_count=2, last=True).pairs_needed
        for logs in _drawn(14, gates=100, slowdown=0.03, spread=spread)
    ]
    pairs = sorted(number for number in needed if number)[sum(map(bool, needed)) // 2]
    assert pairs > 14
    seen = [
        read(logs, policy, figure_count=2, last=True).outcome
        for logs in _drawn(pairs, gates=200, slowdown=policy.detect, spread=spread)
    ]
    assert seen.count("regressed") / 200 >= 1 - policy.miss - 0.03
    fewer = [
        read(logs, policy, figure_count=2, last=True).outcome
        for logs in _drawn(pairs // 2, gates=200, slowdown=policy.detect, spread=spread)
    ]
    assert fewer.count("regressed") / 200 < 0.9


def _drawn(pairs: int, *, gates: int, slowdown: float, spread: float = 0.012, seed: int = 3) -> list[list[float]]:
    rng = np.random.default_rng(seed)
    return [list(rng.normal(math.log1p(slowdown), spread, pairs)) for _ in range(gates)]
