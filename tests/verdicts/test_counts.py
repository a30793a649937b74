"""Counts: what a change of one means, whatever numbers come."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.record.metrics import METRICS
from speedscore.verdicts.counts import COUNTS, Count, count_verdict, is_count

CASE = "test_training[jax-mlp-cpu]"
EXACT = [name for name, count in COUNTS.items() if count.judged and not count.tolerance] + ["queries"]
TOLERANT = [name for name, count in COUNTS.items() if count.tolerance]
MORE_IS_BETTER = [name for name, metric in METRICS.items() if (metric.unit, metric.better) == ("count", "higher")]
NOTED = [name for name, count in COUNTS.items() if not count.judged]
numbers = st.one_of(st.integers(min_value=0, max_value=2**62), st.floats(min_value=0, allow_infinity=False))


def test_a_rise_is_told_with_both_numbers() -> None:
    verdict = count_verdict(CASE, "xla_flops", 17_825_792, 18_874_368)
    assert (verdict.case, verdict.metric, verdict.outcome) == (CASE, "xla_flops", "regressed")
    assert verdict.reason == "18,874,368 instead of 17,825,792 XLA FLOPs, counted exactly"
    assert verdict.ratio == pytest.approx(18_874_368 / 17_825_792)


def test_a_count_that_nobody_announced_is_exact() -> None:
    verdict = count_verdict("test_page", "queries", 12, 13)
    assert (verdict.outcome, verdict.reason) == ("regressed", "13 instead of 12 queries, counted exactly")
    assert not is_count("queries")
    assert is_count("xla_flops")


@pytest.mark.parametrize("name", EXACT)
@given(base=numbers, head=numbers)
def test_an_exact_count_follows_the_order_of_its_numbers(name: str, base: float, head: float) -> None:
    outcome = count_verdict(CASE, name, base, head).outcome
    assert outcome == ("regressed" if head > base else "improved" if head < base else "unchanged")


@pytest.mark.parametrize("name", [*COUNTS, "queries"])
@given(base=numbers, head=numbers)
def test_two_sides_exchanged_never_give_the_same_verdict_of_a_change(name: str, base: float, head: float) -> None:
    there, back = count_verdict(CASE, name, base, head), count_verdict(CASE, name, head, base)
    assert {there.outcome, back.outcome} & {"unchanged"} or {there.outcome, back.outcome} == {"regressed", "improved"}
    assert there.ratio is None or math.isfinite(there.ratio)
    assert bool(there.reason) != bool(there.notes)


@pytest.mark.parametrize("name", MORE_IS_BETTER)
def test_where_more_is_better_a_fall_is_the_regression(name: str) -> None:
    assert (count_verdict(CASE, name, 10, 20).outcome, count_verdict(CASE, name, 20, 10).outcome) == (
        "improved",
        "regressed",
    )


def test_the_direction_that_a_measurement_declares_goes_before_that_of_its_name() -> None:
    assert count_verdict(CASE, "hits", 10, 20, better="higher").outcome == "improved"
    assert count_verdict(CASE, "largest_batch", 10, 20, better="lower").outcome == "regressed"


@pytest.mark.parametrize("name", TOLERANT)
@pytest.mark.parametrize(("head", "outcome"), [(1010, "unchanged"), (990, "unchanged"), (1011, "regressed")])
def test_a_tolerance_is_a_share_of_the_base(name: str, head: int, outcome: str) -> None:
    assert COUNTS[name].tolerance == 0.01
    verdict = count_verdict(CASE, name, 1000, head)
    assert verdict.outcome == outcome
    assert f"{head:,} instead of 1,000" in verdict.reason
    assert (COUNTS[name].tolerance_reason in verdict.reason) == (outcome == "unchanged")


@pytest.mark.parametrize("name", NOTED)
def test_a_note_decides_nothing(name: str) -> None:
    verdict = count_verdict(CASE, name, 10, 500)
    assert (verdict.outcome, verdict.reason, verdict.ratio) == ("unchanged", "", 50.0)
    (note,) = verdict.notes
    assert note.startswith(f"500 instead of 10 {COUNTS[name].what}")
    assert not count_verdict(CASE, name, 10, 10).notes


@pytest.mark.parametrize(("head", "outcome", "ratio"), [(0, "unchanged", 1.0), (3, "regressed", None)])
def test_a_base_of_zero_has_a_verdict(head: int, outcome: str, ratio: float | None) -> None:
    verdict = count_verdict(CASE, "recompilations", 0, head)
    assert (verdict.outcome, verdict.ratio) == (outcome, ratio)


@pytest.mark.parametrize("found", [math.nan, math.inf, -1])
def test_what_is_no_count_is_not_compared(found: float) -> None:
    for pair in ((found, 5), (5, found), (found, found)):
        verdict = count_verdict(CASE, "queries", *pair)
        assert verdict.outcome == "not comparable"
        assert repr(found) in verdict.reason


@pytest.mark.parametrize(
    "wrong",
    [
        {"tolerance": 1.5, "tolerance_reason": "wide"},
        {"tolerance": 0.1},
        {"tolerance_reason": "none"},
        {"judged": False},
        {"note": "judged all the same"},
    ],
    ids=["too wide", "no reason", "reason alone", "no note", "note alone"],
)
def test_a_line_of_the_table_is_whole(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="queries"):
        Count("queries", **wrong)
