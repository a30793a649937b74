"""The tables of this room: a row an answer, nothing of another family, and unknown stays unknown."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.bench_suite.probes.production import tables
from speedscore.bench_suite.probes.table import NOTHING, markdown_lines
from speedscore.host.fields import Scalar
from speedscore.record.measurement import Measurement
from speedscore.record.metrics import find_metric
from speedscore.record.probe_result import ProbeResult

ROOM = [name for name, family in FAMILIES.items() if family.tables.startswith(tables.__name__)]


def result(
    family: str, *, measured: Mapping[str, float] | None = None, seen: Mapping[str, Scalar] | None = None
) -> ProbeResult:
    return ProbeResult(
        id="jax-cpu",
        nodeid=f"{family}[jax-cpu]",
        family=family,
        framework="jax",
        ecosystem="jax",
        device="cpu",
        status="answered",
        outcome=FAMILIES[family].outcomes[-1],
        seconds=(1.0,),
        observations=dict(seen or {}),
        measurements=tuple(Measurement.of(find_metric(name), [value]) for name, value in (measured or {}).items()),
        versions={"python": "3.11", "jax": "2"},
    )


def test_all_families_of_the_room_have_tables() -> None:
    room = f"{tables.__name__.rpartition('.')[0]}."
    assert [name for name, family in FAMILIES.items() if family.cases.startswith(room)] == ROOM


@pytest.mark.parametrize("family", ROOM)
def test_an_answer_is_a_row_and_what_it_lacks_stays_unknown(family: str) -> None:
    (table,) = FAMILIES[family].make_tables([result(name) for name in ROOM])
    assert [row[0] for row in table.rows] == ["jax"]
    assert NOTHING in table.rows[0]
    assert not any("None" in cell or cell == "0" for cell in table.rows[0])
    assert FAMILIES[family].make_tables([]) == ()


def test_a_ratio_and_a_share_are_of_medians() -> None:
    (costs,) = tables.nan_tables(
        [result("nan", measured={"switch_on_step_seconds": 3.0, "switch_off_step_seconds": 2.0})]
    )
    assert costs.rows[0][-1] == "1.50 ×"
    counts = {"trace_operations": 8, "trace_operations_without_line": 6}
    (shares,) = tables.trace_tables([result("trace", measured=counts)])
    assert "25.0 % (2)" in shares.rows[0]


def test_text_from_outside_ends_no_cell() -> None:
    (table,) = tables.debugger_tables([result("debugger", seen={"shown": "a | b\n# c <script>"})])
    row = markdown_lines(table)[4]
    assert row.count(" | ") == len(table.headers) - 1
    assert "<script>" not in row
