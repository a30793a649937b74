"""The verdict on a time, from its typical round and its mean: which decides what, and how often it is wrong."""

from __future__ import annotations

import math

import pytest
from scipy.stats import binom

from speedscore.verdicts.time_verdict import read_time
from speedscore.verdicts.verdict import Outcome, PairedReading, VerdictPolicy
from tests.gate.simulated_gates import MACHINES, Change, outcomes

QUIET = tuple(0.001 * (-1) ** index for index in range(12))
"""The log ratios of twelve pairs of the same code on a quiet machine."""
WIDE = tuple(60 * value for value in QUIET)
"""So noisy that 5 % is not excluded."""


def reading(typical: tuple[float, ...], mean: tuple[float, ...], *, last: bool = True) -> PairedReading:
    return read_time(typical, mean, VerdictPolicy(), figure_count=2, last=last)


def shifted(values: tuple[float, ...], size: float) -> tuple[float, ...]:
    return tuple(value + math.log1p(size) for value in values)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize(
    ("typical", "mean", "outcome", "ratio"),
    [
        (0.0, 0.0, "unchanged", 1.0),
        (0.1, 0.1, "regressed", 1.1),
        (0.0, 0.3, "regressed", 1.3),
        (0.3, 0.0, "regressed", 1.3),
        (0.5, 0.37, "regressed", 1.5),
        (-0.1, -0.1, "improved", 0.9),
        (0.0, -0.1, "improved", 0.9),
        (-0.1, 0.0, "improved", 0.9),
        (-0.1, 0.1, "regressed", 1.1),
        (0.1, -0.1, "regressed", 1.1),
    ],
)
def test_either_figure_decides_and_what_is_slower_comes_first(
    typical: float, mean: float, outcome: Outcome, ratio: float, last: bool
) -> None:
    said = reading(shifted(QUIET, typical), shifted(QUIET, mean), last=last)
    assert said.outcome == outcome
    assert said.ratio == pytest.approx(ratio, rel=0.01)
    assert [each.figure for each in said.figures] == ["typical round", "mean"]
    assert [each.ratio for each in said.figures] == pytest.approx([1 + typical, 1 + mean], rel=0.01)


def test_before_the_last_look_the_mean_is_followed_up_until_it_is_decided() -> None:
    assert reading(QUIET, WIDE, last=False).outcome is None
    assert reading(shifted(QUIET, -0.1), WIDE, last=False).outcome is None


@pytest.mark.parametrize(
    ("size", "outcome"), [(0.0, "unchanged"), (0.02, "unchanged"), (0.03, "inconclusive"), (0.05, "inconclusive")]
)
def test_in_the_end_a_wide_mean_is_inconclusive_only_where_it_looks_like_a_slowdown(
    size: float, outcome: Outcome
) -> None:
    said = reading(QUIET, shifted(WIDE, size))
    assert said.outcome == outcome
    assert [each.outcome for each in said.figures] == ["unchanged", "inconclusive"]
    assert (said.figures[1].high or 0.0) > 1.05, "what the mean leaves open is told"


def test_in_the_end_a_wide_typical_round_is_inconclusive_whatever_the_mean_says() -> None:
    assert reading(WIDE, QUIET).outcome == "inconclusive"


GATES = 150
POLICY = VerdictPolicy(detect=0.05, margin=0.0, false_alarm=0.2, miss=0.2)
"""Errors are allowed to be frequent here, and no margin hides them: so few gates would show none of 1 % at all."""


def at_most(wrong: int, *, rate: float) -> bool:
    """Whether so many wrong ones of ``GATES`` are believable at that rate: more is seen once in a thousand times."""
    return wrong <= int(binom.isf(0.001, GATES, rate))


@pytest.mark.parametrize("machine", MACHINES)
def test_without_a_change_alarms_are_as_rare_as_they_are_said_to_be(machine: str) -> None:
    found = outcomes(MACHINES[machine], Change(), gates=GATES, policy=POLICY)
    assert at_most(found["regressed"], rate=POLICY.false_alarm)
    assert at_most(found["improved"], rate=POLICY.false_alarm)


@pytest.mark.parametrize("machine", MACHINES)
def test_a_slowdown_of_the_size_to_be_detected_is_hardly_ever_called_unchanged(machine: str) -> None:
    found = outcomes(MACHINES[machine], Change(slowdown=POLICY.detect), gates=GATES, policy=POLICY)
    assert at_most(found["unchanged"] + found["improved"], rate=POLICY.miss)


@pytest.mark.parametrize("machine", MACHINES)
def test_the_default_policy_passes_what_did_not_change_and_finds_five_per_cent(machine: str) -> None:
    same, slower = (
        outcomes(MACHINES[machine], Change(slowdown=size), gates=40, policy=VerdictPolicy(), figure_count=6)
        for size in (0.0, 0.05)
    )
    assert same["unchanged"] >= 39
    assert slower["regressed"] >= 38


@pytest.mark.parametrize("machine", [name for name in MACHINES if name not in ("heavy-tailed", "spikes")])
@pytest.mark.parametrize("change", [Change(0.1, 0.5), Change(0.25, 0.2), Change(0.5, 0.1)], ids=str)
def test_a_slowdown_of_some_calls_is_found_as_often_as_one_of_all_calls_of_the_same_mean(
    machine: str, change: Change
) -> None:
    found = outcomes(MACHINES[machine], change, gates=40, policy=VerdictPolicy(), figure_count=6)
    assert found["regressed"] >= 38


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("change", [Change(0.05, 0.9), Change(1.0, 0.2), Change(0.5, 0.6)], ids=str)
def test_slowdowns_of_few_calls_and_of_many_are_found_on_every_machine(machine: str, change: Change) -> None:
    found = outcomes(MACHINES[machine], change, gates=40, policy=VerdictPolicy(), figure_count=6)
    assert found["regressed"] >= 38


@pytest.mark.parametrize("machine", MACHINES)
def test_what_gets_faster_in_some_calls_is_named(machine: str) -> None:
    found = outcomes(MACHINES[machine], Change(-0.5, 0.3), gates=40, policy=VerdictPolicy(), figure_count=6)
    assert found["improved"] >= 38
