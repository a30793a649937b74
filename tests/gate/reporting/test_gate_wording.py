"""The words of a gate's report: what could not be compared in few lines, and ends that too few pairs leave open."""

from __future__ import annotations

import pytest

from speedscore.gate.cases.paired_metric import PairedMetric, Schedule
from speedscore.gate.reporting import wording
from speedscore.verdicts.verdict import Verdict, VerdictPolicy
from tests.gate.parts.part_reports import report

OTHER_WAY = "their way of counting may differ"


def incomparable(case: str, metric: str, reason: str = OTHER_WAY) -> Verdict:
    return Verdict(case=case, metric=metric, outcome="not comparable", reason=reason)


def test_what_is_not_comparable_for_one_reason_is_one_line() -> None:
    counts = [incomparable(case, metric) for case in ("a", "b") for metric in ("fusions", "flops")]
    assert wording.why_not_comparable(counts) == [("", f"fusions, flops of 2 cases: {OTHER_WAY}")]
    assert wording.why_not_comparable(counts[:2]) == [("a", f"fusions, flops: {OTHER_WAY}")]


def test_of_a_case_that_misses_a_count_what_else_is_not_comparable_is_said() -> None:
    verdicts = (incomparable("a", "queries"), incomparable("a", "memory"), incomparable("b", "time"))
    missing = {"a": "it no longer counts queries, rows", "b": "failed (call: no till)"}
    told = wording.not_comparable(report(*verdicts, missing=missing))
    assert [(verdict.case, verdict.metric) for verdict in told] == [("a", "memory")]


def test_a_case_that_is_not_comparable_at_all_is_named_each_with_its_reason() -> None:
    verdicts = [incomparable("a", "time", "new"), incomparable("b", "time", "new"), incomparable("b", "memory", "new")]
    assert wording.why_not_comparable(verdicts) == [("a", "new"), ("b", "new")]


def test_many_cases_of_a_test_file_that_are_new_are_one_line() -> None:
    names = [f"test_io.py::test_{number}" for number in range(4)]
    new = [incomparable(name, "time", "new") for name in names]
    assert wording.why_not_comparable(new) == [("", "4 cases of test_io.py: new")]
    assert wording.why_not_comparable(new[:3]) == [(name, "new") for name in names[:3]]


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0.0, None, "too few pairs"), (None, None, "too few pairs"), (0.9, None, "0.900 to ?"), (0.0, 1.1, "? to 1.100")],
)
def test_an_end_that_too_few_pairs_leave_open_is_no_number(low: float | None, high: float | None, said: str) -> None:
    assert wording.interval(Verdict(case="a", metric="time", outcome="inconclusive", low=low, high=high)) == said


def test_amounts_are_those_of_the_pair_that_comes_nearest_to_the_ratio_beside_them() -> None:
    memory, heads = PairedMetric("memory"), (100.0, 100.0, 100.0, 120.0, 130.0, 140.0)
    for head in heads:
        memory.add_amounts(100.0, head)
    reading = memory.read(VerdictPolicy(), Schedule(looks=(6,)), last=True)
    shown = memory.verdict_of(reading, "a", reason="", seconds=1.0, notes=())
    assert shown.ratio is not None
    assert shown.head_amount == min(heads, key=lambda head: abs(head / 100.0 - reading.ratio))
    assert shown.head_amount != 100.0, "the middle one of six is not the one"
