"""The rule by which a verdict is drawn: when it decides, how often it may be wrong, and what it says it could see."""

from __future__ import annotations

import math

import pytest

from speedscore.verdicts.verdict import LOOKS, VerdictPolicy, looks, read

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


def test_what_a_gate_says_it_sees_it_does_see() -> None:
    """Of the slowdown that ``smallest_visible`` names, as many pairs miss about the share that ``miss`` allows."""
    policy, pairs = VerdictPolicy(), 20
    quiet = [
        read(logs, policy, figure_count=2, last=False).smallest_visible
        for logs in _drawn(pairs, gates=60, slowdown=0.0)
    ]
    sizes = sorted(size for size in quiet if size is not None)
    size = sizes[len(sizes) // 2]
    seen = [
        read(logs, policy, figure_count=2, last=False).outcome == "regressed"
        for logs in _drawn(pairs, gates=200, slowdown=size)
    ]
    assert 0.88 <= sum(seen) / len(seen) <= 1.0


def _drawn(pairs: int, *, gates: int, slowdown: float) -> list[list[float]]:
    import numpy as np

    rng = np.random.default_rng(3)
    return [list(rng.normal(math.log1p(slowdown), 0.012, pairs)) for _ in range(gates)]
