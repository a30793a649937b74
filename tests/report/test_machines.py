"""The report shows every machine of a run, and puts no figure of one beside that of another."""

from __future__ import annotations

import msgspec
import pytest

pytest.importorskip("altair", reason='the report is drawn with it: python -m pip install "speedscore[report]"')

from speedscore.record.ratios import find_ratios
from speedscore.record.run_record import CaseResult, RunRecord
from speedscore.report.blocks import Cell, Figure, Prose, Table, View
from speedscore.report.content import Content
from speedscore.report.details.cases import case_details
from speedscore.report.details.runs import run_details
from speedscore.report.performance.groups import find_groups
from speedscore.report.views import overview, performance, runs
from speedscore.scoring.evidence.evidence import NamedRun
from speedscore.scoring.scores.score_report import build_report
from tests.record.sample_machines import MACHINES, on
from tests.report.sample_content import content_of
from tests.scoring.sample_facts import RUBRIC, make_evidence
from tests.scoring.sample_runs import make_run, measured_case, skipped_case


def fleet_run(*cases: CaseResult) -> RunRecord:
    empty = msgspec.structs.replace(make_run(), machines=MACHINES)
    return msgspec.structs.replace(empty, cases=cases, ratios=find_ratios(cases))


def content_of_fleet(*cases: CaseResult) -> Content:
    return msgspec.structs.replace(content_of(), runs=(NamedRun(name="run.json", record=fleet_run(*cases)),))


def two_machines() -> tuple[CaseResult, ...]:
    """The second framework of the second model was measured on another machine than the first."""
    return (
        *on("box-1", measured_case("alpha", 1.0, processes=2), measured_case("beta", 2.0, processes=2)),
        *on("box-1", measured_case("alpha", 1.0, model="gpt", processes=2)),
        *on("box-2", measured_case("beta", 9.0, model="gpt", processes=2)),
        skipped_case("gamma", reason="not installed", model="gpt"),
    )


def view_of(content: Content) -> View:
    view = performance.view(content)
    assert view is not None
    return view


def test_groups_are_of_one_machine_and_what_was_not_measured_stands_in_one() -> None:
    groups = {
        (group.model, group.run_title): (group.frameworks, [case.framework for case in group.unmeasured])
        for group in find_groups(content_of_fleet(*two_machines()))
    }
    assert groups == {
        ("mlp", "box-1"): (["alpha", "beta"], []),
        ("gpt", "box-1"): (["alpha"], ["gamma"]),
        ("gpt", "box-2"): (["beta"], []),
    }


def test_each_machine_has_tables_and_charts_of_its_own() -> None:
    blocks = view_of(content_of_fleet(*two_machines())).blocks
    assert len({block.id for block in blocks}) == len(blocks)
    tables = {block.title: block for block in blocks if isinstance(block, Table) and block.title.startswith("All")}
    assert sorted(tables) == ["All models and phases, box-1", "All models and phases, box-2"]
    assert [cell.text for cell in tables["All models and phases, box-2"].rows[0]] == ["training: gpt", "9.00 s"]
    figures = [block for block in blocks if isinstance(block, Figure) and block.fields[0] == "framework"]
    mixed = [figure.title for figure in figures if "gpt" in figure.title and len({row[0] for row in figure.rows}) > 1]
    assert mixed == []


def test_a_run_of_one_machine_has_no_name_of_it_in_titles() -> None:
    plain = (measured_case("alpha", 1.0), measured_case("beta", 2.0))
    for cases in (plain, on("box-1", *plain)):
        assert {group.run_title for group in find_groups(content_of_fleet(*cases))} == {""}


def test_the_runs_details_describe_every_machine() -> None:
    (detail,) = run_details(content_of_fleet(*two_machines()))
    tables = {table.title: table.rows for table in detail.tables}
    assert tables["Machines"] == (
        ("the machine that led the run", "Test Processor", 0),
        ("box-1", "EPYC, H100", 3),
        ("box-2", "Xeon", 1),
    )
    assert dict(tables["box-2, where it is not as the machine that led the run"]) == {  # type: ignore[arg-type]
        "cpu.model": "Xeon",
        "cpu.logical": 64,
    }
    view = runs.view(content_of_fleet(*two_machines()))
    assert view is not None
    (table,) = view.blocks
    assert isinstance(table, Table)
    assert "2 machines: EPYC, H100 and Xeon" in [cell.text for cell in table.rows[0]]


def test_the_overview_and_the_list_of_runs_say_where_the_versions_of_machines_differ() -> None:
    versions = {"box-1": "0.10.2", "box-2": "0.4.1"}
    machines = {name: fields | {"package.jax": versions[name]} for name, fields in MACHINES.items()}
    record = msgspec.structs.replace(fleet_run(*two_machines()), machines=machines)
    run = NamedRun(name="run.json", record=record)
    evidence = make_evidence(runs=(run,))
    scores = build_report(RUBRIC, evidence, frameworks=evidence.frameworks())
    content = msgspec.structs.replace(content_of(), runs=(run,), evidence=evidence, scores=scores)
    said = "jax 0.10.2 on box-1, 0.4.1 on box-2"
    view = runs.view(content)
    assert view is not None
    (table,) = view.blocks
    assert isinstance(table, Table)
    assert said in [cell.note for cell in table.rows[0] if isinstance(cell, Cell)]
    (measured,) = [block for block in overview.view(content).blocks if block.id == "measured"]
    assert isinstance(measured, Prose)
    assert any(f"Versions differ: {said}." in item.text for item in measured.items)


def test_a_case_says_its_machine() -> None:
    details = case_details(content_of_fleet(*two_machines()))
    said = {detail.title: dict(detail.entries).get("Machine") for detail in details}
    box_2 = said["training of gpt in beta on cpu"]
    assert box_2 is not None
    assert box_2.text == "box-2 (Xeon)"
