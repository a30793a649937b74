"""The tables of mistakes, made from a run: what cannot be made is left out, and what is not known stays unknown."""

from __future__ import annotations

from typing import Any

from speedscore.bench_suite.probes.mistakes.table import UNKNOWN, make_tables
from speedscore.bench_suite.probes.table import NOTHING
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


def test_a_cell_says_the_outcome_and_what_the_message_holds() -> None:
    counts, cells = make_tables(
        [
            probe("torch", "b", "a warning", names_line=True, says_remedy=True, names_values=False),
            probe("jax", "a", "a wrong number in silence"),
            probe("torch", "a"),
        ]
    )
    assert cells.headers == ("mistake", "jax", "torch")
    assert cells.rows == (("a", "SILENT", UNKNOWN), ("b", NOTHING, "warning lr"))
    assert counts.rows == (
        ("a warning", "0", "1"),
        ("a wrong number in silence", "1", "0"),
        ("mistakes in all", "1", "1"),
    )


def test_a_run_without_answers_has_no_tables() -> None:
    assert make_tables([]) == ()
    assert make_tables([probe("torch", "a")]) == ()
