"""The table of mistakes, made from a saved run: what cannot be made is empty, what is not known stays unknown."""

from __future__ import annotations

from typing import Any

from speedscore.bench_suite.probes.mistakes.table import markdown_lines, mistakes_table
from speedscore.record.probe_result import ProbeResult


def probe(framework: str, subject: str, outcome: str = "", **observations: Any) -> ProbeResult:
    identity: dict[str, Any] = {
        "id": f"{framework}-{subject}-cpu",
        "nodeid": f"test_mistake.py::test_mistake[{framework}-{subject}-cpu]",
        "family": "mistake",
        "framework": framework,
        "ecosystem": "jax",
        "device": "cpu",
        "subject": subject,
    }
    if not outcome:
        return ProbeResult(**identity, status="skipped", reason="not here")
    return ProbeResult(
        **identity,
        status="answered",
        outcome=outcome,
        seconds=(0.1,),
        versions={"python": "3.11"},
        observations=observations,
    )


def test_a_cell_says_the_outcome_and_what_the_message_names() -> None:
    head, rows = mistakes_table(
        [
            probe("torch", "b", "a warning", names_line=True, says_remedy=True, names_values=False),
            probe("jax", "a", "a wrong number in silence"),
            probe("torch", "a"),
        ]
    )
    assert head == ["mistake", "jax", "torch"]
    assert rows == [
        ["a", "SILENT", "?"],
        ["b", "", "warning lr"],
        ["in all: a warning", "0 of 1", "1 of 1"],
        ["in all: a wrong number in silence", "1 of 1", "0 of 1"],
    ]


def test_a_run_without_mistakes_has_no_table() -> None:
    assert markdown_lines([]) == []
    assert mistakes_table([])[1] == []


def test_text_from_outside_cannot_break_the_table() -> None:
    lines = markdown_lines([probe("jax", "a|b", "a warning")])
    assert lines[2].count("|") == lines[0].count("|") + 1
    assert r"a\|b" in lines[2]
