"""Saved runs as rows: every column is filled by its name, and runs and machines are told apart. Needs no extra."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.history.figures.machines import machine_id
from speedscore.history.figures.rows import Row, blocks_by_partition, partition_of
from speedscore.history.figures.tables import PARTITION, TABLES
from speedscore.history.figures.tables_page import page, screen
from speedscore.host.fields import Scalar
from speedscore.record.content_id import content_id
from speedscore.record.descriptions import ProgramDescription
from speedscore.record.moments import utc
from speedscore.record.run_file import RunFileError
from speedscore.record.run_record import RunRecord
from tests.history.sample_history import a_fleets_run, a_full_run
from tests.places import ROOT
from tests.record.sample_machines import BOX_1, BOX_2, fleet_run, on
from tests.sample_runs import MACHINE, a_run, timed

TABLES_PAGE = ROOT / "docs" / "tables.md"


def rows_by_partition(run: RunRecord) -> list[tuple[dict[str, str], dict[str, list[Row]]]]:
    return [
        (partition, {name: [row for block in blocks for row in block.rows()] for name, blocks in tables.items()})
        for partition, tables in blocks_by_partition(run, content_id(run))
    ]


def rows_of(run: RunRecord) -> dict[str, list[Row]]:
    """Table → its rows, of all machines."""
    rows: dict[str, list[Row]] = {}
    for _, tables in rows_by_partition(run):
        for name, own in tables.items():
            rows.setdefault(name, []).extend(own)
    return rows


def test_rows_have_the_columns_of_their_table_and_every_column_is_filled_somewhere() -> None:
    run = a_full_run({"python.version": "3.11.7", "git.dirty": True})
    rows = rows_of(run)
    assert set(rows) == set(TABLES)
    assert tuple(partition_of(run)) == tuple(column.name for column in PARTITION)
    for name, table in TABLES.items():
        columns = {column.name for column in table.columns}
        assert rows[name], name
        assert columns == {column for row in rows[name] for column, value in row.items() if value is not None}


def test_every_row_has_every_column() -> None:
    for _, tables in blocks_by_partition(a_fleets_run(), "a run"):
        for name, blocks in tables.items():
            columns = {column.name for column in TABLES[name].columns}
            assert all({*block.shared, *block.own} == columns for block in blocks), name


def test_every_column_says_what_it_means_and_no_name_stands_twice() -> None:
    for table in TABLES.values():
        names = [column.name for column in table.all_columns]
        assert len(names) == len(set(names))
        assert all(column.description for column in table.all_columns)


def test_the_page_of_the_tables_is_what_they_are() -> None:
    remedy = "run python -m speedscore.history.figures.tables_page > docs/tables.md"
    assert TABLES_PAGE.read_text(encoding="utf-8") == page(), remedy


def test_the_tables_fit_a_terminal() -> None:
    shown = screen(width=80)
    assert max(map(len, shown.splitlines())) <= 80
    assert all(column.name in shown for table in TABLES.values() for column in table.columns)


def test_a_run_is_told_by_what_was_measured_and_when() -> None:
    run = a_full_run()
    same = msgspec.structs.replace(run, environment={})
    described = [
        msgspec.structs.replace(case, program=ProgramDescription(variant="other"), flops=7) for case in run.cases
    ]
    assert content_id(run) == content_id(same)
    assert content_id(run) == content_id(msgspec.structs.replace(run, cases=tuple(described)))
    others = [
        a_full_run(day=1),
        a_full_run(seconds=(0.1, 0.3, 1e-9)),
        msgspec.structs.replace(run, preset="full"),
        msgspec.structs.replace(run, probes=()),
    ]
    assert len({content_id(each) for each in (run, *others)}) == 5


def test_a_machine_is_told_by_what_runs_may_not_differ_in() -> None:
    same = MACHINE | {"git.commit": "another", "memory.total_bytes": 1, "package.jax": "9"}
    assert machine_id(MACHINE) == machine_id(same)
    others: list[dict[str, Scalar]] = [{"cpu.model": "another"}, {"cpu.affinity": "0"}, {"gpu.0.name": "a card"}]
    assert len({machine_id(MACHINE), *(machine_id(MACHINE | other) for other in others)}) == 4


@given(st.text())
def test_a_machine_is_a_name_that_every_file_system_takes(processor: str) -> None:
    name = machine_id({"cpu.model": processor})
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert 13 < len(name) < 50
    assert not name.startswith("-")


def test_the_month_is_that_of_the_run_in_utc() -> None:
    run = msgspec.structs.replace(a_run(timed([0.1])), created="2026-12-31T23:30:00-02:00")
    assert partition_of(run)["month"] == "2027-01"


@pytest.mark.parametrize("moment", ["yesterday", "2026-12-01", "2026-12-01T12:00:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_without_a_zone_or_sense_is_refused(moment: str) -> None:
    with pytest.raises(RunFileError, match="ISO 8601"):
        utc(moment)


def test_a_fleet_run_stands_whole_and_once_under_the_machines_that_measured_it() -> None:
    here = (timed([0.1]), timed([0.2], framework="torch"))
    there = on("box-1", timed([0.1], model="gpt"), timed([0.3], framework="torch", model="gpt"))
    # Two machines that are alike share what they begin with.
    twin, other = on("box-3", timed([0.4], model="bert")), on("box-2", timed([0.5], model="bert", framework="torch"))
    run = fleet_run(*there, *here, *twin, *other, machines={"box-1": BOX_1, "box-2": BOX_2, "box-3": BOX_1})
    by_machine = {partition["machine_id"]: tables for partition, tables in rows_by_partition(run)}
    assert list(by_machine) == [machine_id(MACHINE), machine_id(BOX_1), machine_id(BOX_2)]
    assert {
        name: [(row["machine"], row["model"], row["framework"]) for row in tables["cases"]]
        for name, tables in by_machine.items()
    } == {
        machine_id(MACHINE): [("", "mlp", "jax"), ("", "mlp", "torch")],
        machine_id(BOX_1): [("box-1", "gpt", "jax"), ("box-1", "gpt", "torch"), ("box-3", "bert", "jax")],
        machine_id(BOX_2): [("box-2", "bert", "torch")],
    }
    assert [(row["machine"], row["ratio"]) for tables in by_machine.values() for row in tables["ratios"]] == [
        ("", pytest.approx(2.0)),
        ("box-1", pytest.approx(3.0)),
    ]
    assert [len(tables["runs"]) for tables in by_machine.values()] == [1, 0, 0]
    assert [row["machine"] for tables in by_machine.values() for row in tables["machines"]] == [
        "",
        "box-1",
        "box-3",
        "box-2",
    ]
    whole = rows_of(run)
    assert {row["run_id"] for rows in whole.values() for row in rows} == {content_id(run)}
    assert len(whole["rounds"]) == sum(len(case.rounds) for case in run.cases)


def test_sql_over_saved_runs_sees_each_case_under_its_own_machine() -> None:
    pytest.importorskip("pyarrow", reason="needs speedscore[sql]")
    from speedscore.history.figures.arrow import tables_of_runs

    run = fleet_run(timed([0.1]), *on("box-1", timed([0.2], model="gpt")))
    cases = tables_of_runs([run])["cases"].to_pylist()
    assert [(row["model"], row["machine_id"]) for row in cases] == [
        ("mlp", machine_id(MACHINE)),
        ("gpt", machine_id(BOX_1)),
    ]
