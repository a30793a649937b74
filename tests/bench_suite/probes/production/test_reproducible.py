"""The same seed twice: what differs, where, and how much of it."""

from __future__ import annotations

from speedscore.bench_suite.probes.production.reproducible import compare

SAME = {"a": "1", "b": "2"}
OTHER = {"a": "1", "b": "x"}


def outcome(first: dict[str, str], again: dict[str, str], elsewhere: dict[str, str]) -> tuple[str, object, object]:
    answer = compare(first, again, elsewhere, seconds=1.0, versions={"sample": "1"})
    seen = answer.observations
    return answer.outcome, seen["different_in_one_process"], seen["different_across_processes"]


def test_what_is_the_same_everywhere_is_equal() -> None:
    assert outcome(SAME, SAME, SAME) == ("equal", 0, 0)


def test_a_difference_in_one_process_is_worse_than_one_across() -> None:
    assert outcome(SAME, SAME, OTHER) == ("differs across processes", 0, 1)
    assert outcome(SAME, OTHER, SAME) == ("differs in one process", 1, 0)
    assert outcome(SAME, OTHER, OTHER) == ("differs in one process", 1, 1)


def test_a_tensor_that_is_missing_counts() -> None:
    assert outcome(SAME, SAME, {"a": "1"}) == ("differs across processes", 0, 1)
