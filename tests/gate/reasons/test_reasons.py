"""Where a regression is said to come from: which function or operator is named, and how that is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.gate.hlo import OperationChange
from speedscore.gate.reasons.reasons import CaseReasons, reasons_of
from speedscore.gate.reasons.wording import reason_lines
from speedscore.gate.reporting.comment import markdown
from speedscore.gate.reporting.report import SCHEMA_VERSION, GateReport, SideReport
from speedscore.gate.reporting.terminal import terminal_lines
from speedscore.gate.sides.side import Observed, SampledFunction
from speedscore.verdicts.verdict import Verdict

BENCH = SampledFunction("test_it.<locals>.work", "test_it.py", 3, own=True)
PARSE = SampledFunction("parse", "pkg/parser.py", 10, own=True)
HELP = SampledFunction("help", "pkg/parser.py", 30, own=True)
COPY = SampledFunction("deepcopy", "copy.py", 120)
ATOMIC = SampledFunction("_deepcopy_atomic", "copy.py", 170)
FUNCTIONS = (BENCH, PARSE, HELP, COPY, ATOMIC)

Stacks = dict[tuple[SampledFunction, ...], float]


def observed(stacks: Stacks, *, calls: int = 10, **more: object) -> Observed:
    placed = tuple((tuple(map(FUNCTIONS.index, stack)), seconds) for stack, seconds in stacks.items())
    seconds = sum(stacks.values())
    return Observed(calls=calls, seconds=seconds, functions=FUNCTIONS, stacks=placed, **more)  # type: ignore[arg-type]


BASE: Stacks = {(BENCH,): 1.0, (BENCH, PARSE): 2.0, (BENCH, PARSE, HELP): 1.0}


def named(head: Stacks, *, calls: int = 10) -> list[tuple[str, str]]:
    reasons = reasons_of("a case", observed(BASE), observed(head, calls=calls), profiler="py-spy")
    return [(each.name, each.through) for each in reasons.functions]


@pytest.mark.parametrize(
    ("head", "first"),
    [
        (BASE | {(BENCH, PARSE): 4.0}, ("parse", "")),
        (BASE | {(BENCH, PARSE, HELP): 3.0}, ("help", "")),
        (BASE | {(BENCH, PARSE, COPY): 1.0, (BENCH, PARSE, COPY, ATOMIC): 1.0}, ("parse", "deepcopy (copy.py)")),
        (BASE | {(BENCH, COPY, PARSE): 2.0}, ("parse", "")),
    ],
    ids=["itself", "two levels down", "through others' code", "called back"],
)
def test_the_own_function_that_grew_is_named_first(head: Stacks, first: tuple[str, str]) -> None:
    assert named(head)[0] == first


def test_growth_is_that_of_a_call_and_not_of_the_time_that_was_looked_at() -> None:
    twice = {stack: 2 * seconds for stack, seconds in BASE.items()}
    assert named(twice, calls=20) == []
    (grown,) = reasons_of("", observed(BASE), observed(BASE | {(BENCH, PARSE): 4.0}), profiler="").functions
    assert (grown.base_seconds, grown.head_seconds, grown.of_slowdown) == pytest.approx((0.2, 0.4, 1.0))
    assert (grown.base_share, grown.head_share) == pytest.approx((0.5, 4 / 6))


def test_seconds_are_those_of_the_verdict_and_only_shared_out_as_the_samples_are() -> None:
    timed = Verdict(case="", metric="time", outcome="regressed", ratio=1.5, base_amount=0.004, head_amount=0.006)
    (grown,) = reasons_of(
        "", observed(BASE), observed(BASE | {(BENCH, PARSE): 4.0}), profiler="", verdicts=[timed]
    ).functions
    assert (grown.base_seconds, grown.head_seconds) == pytest.approx((0.002, 0.004))


def test_a_function_that_base_does_not_call_is_called_new() -> None:
    found = reasons_of("", observed({(BENCH, PARSE): 2.0}), observed(BASE | {(BENCH, PARSE, HELP): 3.0}), profiler="")
    assert any(line.startswith("help (") and ": new, 300 ms a call" in line for line in reason_lines(found))


def test_where_no_code_is_the_users_own_the_function_that_was_called_is_named() -> None:
    base: Stacks = {(COPY,): 1.0}
    head: Stacks = {(COPY, ATOMIC): 2.0}
    (grown,) = reasons_of("", observed(base), observed(head), profiler="").functions
    assert (grown.name, grown.own, grown.through) == ("deepcopy", False, "_deepcopy_atomic (copy.py)")


@given(
    st.dictionaries(st.permutations(FUNCTIONS).map(lambda order: tuple(order[:3])), st.floats(0.001, 10), max_size=8)
)
def test_shares_of_the_slowdown_are_shares(stacks: Stacks) -> None:
    for grown in reasons_of("", observed(BASE), observed(stacks), profiler="").functions:
        assert grown.head_seconds > grown.base_seconds
        assert grown.head_share <= 1 + 1e-9


def test_operators_are_named_by_the_time_that_they_took_more() -> None:
    base = observed(BASE, operators={"aten::mm": (4.0, 0.01), "aten::tanh": (4.0, 0.001)})
    head = observed(BASE, operators={"aten::mm": (4.0, 0.012), "aten::cumsum": (4.0, 0.02)})
    operators = reasons_of("", base, head, profiler="").operators
    assert [(each.name, each.base_calls, each.head_calls) for each in operators] == [
        ("aten::cumsum", 0.0, 4.0),
        ("aten::mm", 4.0, 4.0),
    ]


@pytest.mark.parametrize(
    ("head", "note"),
    [({}, "in no function of Python"), (BASE, "under the profiler head was not slower")],
    ids=["nothing was sampled", "no slower"],
)
def test_what_could_not_be_found_out_is_said(head: Stacks, note: str) -> None:
    assert note in reasons_of("", observed(BASE), observed(head), profiler="").note


def test_counts_that_moved_are_told() -> None:
    verdicts = [
        Verdict(case="a case", metric="queries", outcome="regressed", reason="8 instead of 7 queries, counted exactly"),
        Verdict(case="a case", metric="pages", outcome="unchanged", reason="7 pages on both sides"),
        Verdict(case="a case", metric="time", outcome="regressed"),
    ]
    assert reasons_of("", observed(BASE), observed(BASE), profiler="", verdicts=verdicts).counts == (
        "8 instead of 7 queries, counted exactly",
    )


def report(*reasons: CaseReasons) -> GateReport:
    side = SideReport("a checkout")
    return GateReport(SCHEMA_VERSION, "2026-11-26", side, side, 1.0, 10, "a headline", reasons=reasons)


def test_reasons_stand_on_the_terminal_and_in_markdown_as_text() -> None:
    hostile = SampledFunction("<b>@all</b>", "pkg/`x`.py", 7, own=True)
    head = Observed(1, 0.2, (hostile,), (((0,), 0.2),))
    base = Observed(1, 0.1, (hostile,), (((0,), 0.1),))
    found = reasons_of("test_a", base, head, profiler="py-spy", operations=[OperationChange("sort", 0, 2)])
    printed = " ".join(" ".join(terminal_lines(report(found))).split())
    assert "why test_a (from a pair of its own, py-spy): <b>@all</b> (pkg/`x`.py:7): 100 ms to 200 ms a call" in printed
    assert "optimised HLO: sort 0 to 2" in printed
    written = markdown(report(found))
    assert "<b>" not in written.replace("`<b>@all</b>`", "")
    assert "Where it comes from:" in written


def test_a_note_alone_is_not_said_to_be_from_a_pair() -> None:
    said = report(CaseReasons("test_a", note="not looked into"))
    assert "why test_a: not looked into" in " ".join(" ".join(terminal_lines(said)).split())
    assert "- `test_a`\n  - not looked into" in markdown(said)
    assert "from a pair of its own" not in " ".join((*terminal_lines(said), markdown(said)))


def test_reasons_of_nothing_are_not_mentioned() -> None:
    assert not any("why" in line for line in terminal_lines(report(CaseReasons("test_a"))))
    assert "Where it comes from" not in markdown(report(CaseReasons("test_a")))


def test_what_disturbs_one_side_as_a_whole_names_no_function() -> None:
    """Head ran while others had the processor: all took 1.5 times as long, and one function more than that."""
    disturbed = {stack: 1.5 * seconds for stack, seconds in BASE.items()}
    head = disturbed | {(BENCH, PARSE, HELP): 3.0}
    slower = [Verdict(case="a case", metric="time", outcome="regressed", ratio=1.25)]
    reasons = reasons_of("", observed(BASE), observed(head), profiler="", verdicts=slower)
    assert [each.name for each in reasons.functions] == ["help"]
    assert reasons.functions[0].of_slowdown == pytest.approx(1.0)
