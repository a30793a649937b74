"""The tables of this room: a row an answer, and unknown stays unknown."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.bench_suite.probes.steady import tables
from speedscore.bench_suite.probes.table import NOTHING, Table
from speedscore.host.fields import Scalar
from speedscore.record.measurement import Measurement
from speedscore.record.metrics import find_metric
from speedscore.record.probe_result import ProbeResult
from speedscore.report.views.probe_tables import has_a_row_each

ROOM = [name for name, family in FAMILIES.items() if ".steady." in family.cases]


def result(
    family: str, *, measured: Mapping[str, list[float]] | None = None, seen: Mapping[str, Scalar] | None = None
) -> ProbeResult:
    return ProbeResult(
        id="jax-mlp-cpu",
        nodeid=f"{family}[jax-mlp-cpu]",
        family=family,
        framework="jax",
        ecosystem="jax",
        device="cpu",
        subject="mlp",
        status="answered",
        outcome=FAMILIES[family].outcomes[0],
        seconds=(1.0,),
        observations=dict(seen or {}),
        measurements=tuple(Measurement.of(find_metric(name), values) for name, values in (measured or {}).items()),
        versions={"python": "3.11", "jax": "2"},
    )


def cells(table: Table) -> dict[str, str]:
    (row,) = table.rows
    return dict(zip(table.headers, row, strict=True))


@pytest.mark.parametrize("family", ROOM)
def test_an_answer_is_a_row_and_what_it_lacks_stays_unknown(family: str) -> None:
    (table,) = FAMILIES[family].make_tables([result(name) for name in ROOM])
    assert [row[0] for row in table.rows] == ["jax"]
    assert NOTHING in table.rows[0]
    assert not any("None" in cell or cell == "0" for cell in table.rows[0])
    assert FAMILIES[family].make_tables([]) == ()
    assert has_a_row_each(family)


def test_stalls_are_counted_by_cause_with_what_they_took() -> None:
    measured = {
        "steady_step_seconds": [0.001] * 3,
        "steady_p50_seconds": [0.001],
        "steady_p99_seconds": [0.0015],
        "host_stall_seconds": [0.5, 0.25],
    }
    (table,) = tables.hiccup_tables([result("hiccups", measured=measured, seen={"withheld_share": 0.25})])
    told = cells(table)
    assert (told["steps"], told["p99 / median"], told["withheld"]) == ("3", "1.50 ×", "25.0 %")
    assert (told["host"], told["garbage collection"]) == ("2 (750 ms)", "0")
    assert told["recompilation"] == NOTHING, "nobody watched"


def test_a_size_that_needed_no_compilation_says_so() -> None:
    seen: dict[str, Scalar] = {"compiled_at_second_size": 1, "compiled_at_third_size": 0, "examples": "4 → 6 → 8"}
    (table,) = tables.shape_tables([result("shapes", measured={"break_even_steps": [1234]}, seen=seen)])
    told = cells(table)
    assert (told["compilations"], told["examples"], told["from step"]) == ("1, 0", "4 → 6 → 8", "1,234")
