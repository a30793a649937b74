"""What a gate says beside times: memory, and what tests count, without a clock."""

from __future__ import annotations

import pytest

from speedscore.verdicts.verdict import Outcome
from tests.gate.made_up_gates import CASE, MISSING, PASSES, concluded, one, verdict
from tests.gate.made_up_sides import MadeUpMachine, MadeUpTest, a_plan, gated


def test_memory_has_a_verdict_of_its_own_from_the_process_or_from_the_case() -> None:
    sizes = [{"peak_bytes": 1000}, {"peak_bytes": 2000}]
    by_process = one(*(MadeUpTest(more=size) for size in sizes))
    assert verdict(by_process, "memory").outcome == "regressed"
    assert verdict(by_process, "memory").ratio == pytest.approx(2.0)
    by_case = one(*(MadeUpTest(more=size | {"memory_bytes": 100.0}) for size in sizes))
    assert verdict(by_case, "memory").outcome == "unchanged"


def test_where_no_process_tells_its_memory_nothing_is_said_of_it() -> None:
    assert {answer.metric for answer in one(PASSES, PASSES).verdicts} == {"time"}


@pytest.mark.parametrize(
    ("base", "head", "outcome", "reason"),
    [
        ([7, 7], [7, 7], "unchanged", "7 queries on both sides, counted exactly"),
        ([7, 7], [8, 8], "regressed", "8 instead of 7 queries, counted exactly"),
        ([7, 9], [7, 7], "not comparable", "two processes of base counted 7 and 9, so it proves nothing"),
        ([7, 7], [7, 9], "not comparable", "two processes of head counted 7 and 9, so it proves nothing"),
    ],
)
def test_what_is_counted_needs_no_clock(base: list[int], head: list[int], outcome: Outcome, reason: str) -> None:
    sides = [
        MadeUpTest(counts=lambda pair, values=values: {"queries": values[pair % 2]})  # type: ignore[misc]
        for values in (base, head)
    ]
    answer = verdict(one(*sides), "queries")
    assert (answer.outcome, answer.reason) == (outcome, reason)


@pytest.mark.parametrize("interrupted_in_pair", [0, 1])
def test_a_count_that_changed_is_a_regression_once_two_processes_of_each_side_have_told_it(
    interrupted_in_pair: int,
) -> None:
    stopped = MadeUpTest(interrupted_in_pair=interrupted_in_pair)
    base, head = (MadeUpTest(counts=lambda _, value=value: {"queries": value}) for value in (7, 8))  # type: ignore[misc]
    outcome = gated(MadeUpMachine({CASE: base, "b": PASSES}, {CASE: head, "b": stopped}))
    (queries,) = [answer for answer in outcome.verdicts if answer.metric == "queries"]
    if interrupted_in_pair == 1:
        assert queries.outcome == "regressed"
    else:
        assert (queries.outcome, concluded(outcome, inconclusive_passes=True)[0]) == ("inconclusive", 11)
        assert queries.reason == (
            "8 instead of 7 queries, counted exactly, in one process a side; only a second one shows whether it is so "
            "in each"
        )


def test_of_a_count_of_which_more_is_better_a_fall_is_the_regression() -> None:
    base, head = (
        MadeUpTest(counts=lambda _, value=value: {"hits": value}, more={"higher_is_better": ("hits",)})  # type: ignore[misc]
        for value in (8, 7)
    )
    assert verdict(one(base, head), "hits").outcome == "regressed"
    assert verdict(one(head, base), "hits").outcome == "improved"


def test_what_head_alone_counts_is_not_comparable_and_what_it_no_longer_counts_is_missing() -> None:
    counts = MadeUpTest(counts=lambda _: {"queries": 7})
    outcome = one(PASSES, counts)
    assert verdict(outcome, "queries").reason == "only head counts it"
    assert concluded(outcome) == (0, "passed: nothing regressed")
    gone = one(counts, PASSES)
    assert (gone.missing, concluded(gone)) == ({CASE: "it no longer counts queries"}, (12, MISSING))
    assert verdict(gone).outcome == "unchanged"
    assert one(counts, PASSES, allow_missing=("*",)).missing == {}
    other = gated(MadeUpMachine({CASE: counts}, {CASE: PASSES}), plan=a_plan(other_environment=True))
    assert other.missing == {}, "another environment may not be able to count it"


def test_what_a_compiler_no_longer_counts_of_our_own_case_is_no_missing_coverage() -> None:
    own = {"identity": {"model": "mlp"}}
    gone = one(MadeUpTest(counts=lambda _: {"xla_flops": 7}, more=own), MadeUpTest(more=own))
    assert (gone.missing, verdict(gone, "xla_flops").reason) == ({}, "only base counts it")


def test_another_environment_may_count_in_another_way() -> None:
    counting = MadeUpTest(counts=lambda _: {"queries": 7})
    outcome = gated(MadeUpMachine({CASE: counting}, {CASE: counting}), plan=a_plan(other_environment=True))
    assert verdict(outcome, "queries").reason == "the two environments differ, and so may their way of counting"
