"""Behind a number: the case with its test, its proof and all that was measured, and the run with its machine."""

from __future__ import annotations

import shlex

import msgspec
import pytest

pytest.importorskip("altair", reason='the report is drawn with it: python -m pip install "speedscore[report]"')

from speedscore.record.measurement import Measurement
from speedscore.record.metrics import METRICS
from speedscore.report.blocks import Detail, DetailTable, Figure
from speedscore.report.details.cases import case_details
from speedscore.report.details.runs import run_details
from speedscore.report.identifiers import case_id, run_id
from speedscore.report.views import performance
from speedscore.scoring.evidence.evidence import NamedRun
from tests.report.sample_content import content_of_run
from tests.scoring.sample_runs import make_run, measured_case, skipped_case

RUN = make_run(
    measured_case("jax", [0.01, 0.02, 0.03], processes=3, extra=[Measurement.of(METRICS["hlo_fusions"], [47.0])]),
    measured_case("torch", 0.04),
    skipped_case("jax", reason="no gpu: none found\nsecond line", device="gpu"),
)


def details() -> dict[str, Detail]:
    return {detail.id: detail for detail in case_details(content_of_run(RUN))}


def entries(detail: Detail) -> dict[str, str]:
    return {name: cell.text for name, cell in detail.entries}


def rows(detail: Detail, title: str) -> DetailTable:
    return next(table for table in detail.tables if table.title.startswith(title))


def test_every_selected_case_has_one() -> None:
    named = NamedRun("run.json", RUN)
    assert list(details()) == [case_id(named, case) for case in RUN.cases]


def test_the_command_measures_the_case_again_in_any_shell() -> None:
    first, second, _ = details().values()
    assert shlex.split(entries(first)["To measure it again"]) == [
        *("python", "-m", "pytest", "--benchmark-only", "--preset", "smoke", "--processes", "3"),
        "bench_suite/test_training.py::test_training[jax-mlp-cpu]",
    ]
    assert "--processes" not in entries(second)["To measure it again"]


def test_the_figure_has_its_interval_or_says_why_there_is_none() -> None:
    first, second, _ = details().values()
    (figure, *_), (other, *_) = first.entries, second.entries
    assert figure[1].value == pytest.approx(0.02)
    assert figure[1].note.startswith("95 % interval over processes 20.0 ms to 20.0 ms (Student's t); 9 rounds in 3")
    assert other[1].note == "3 rounds in 1 process, too few processes for an interval"


def test_the_raw_rounds_are_those_of_the_figure_in_the_tab() -> None:
    first, *_ = details().values()
    table = rows(first, "The figure and every round")
    view = performance.view(content_of_run(RUN))
    assert view is not None
    (figure,) = (each for each in view.blocks if each.id == table.figure)
    assert isinstance(figure, Figure)
    own = [row[1:] for row in figure.rows if row[0] == table.series and row[2] is not None]
    assert own == [(round_.seconds, round_.turn, round_.process) for round_ in RUN.cases[0].rounds]


def test_the_certificate_and_every_measurement_are_there() -> None:
    first, *_ = details().values()
    assert rows(first, "Certificate, against float64 NumPy").rows == (("loss", "", 1e-7, 1e-5),)
    assert rows(first, "Everything else").rows == (
        ("fusions in the optimised program (hlo_fusions)", 47.0, "count", "one"),
    )
    assert ("batch", 8) in rows(first, "Workload").rows


def test_a_case_that_was_not_measured_has_its_whole_reason() -> None:
    *_, skipped = details().values()
    found = entries(skipped)
    assert found["Outcome"] == "skipped"
    assert found["Reason"] == "no gpu: none found\nsecond line"
    assert not skipped.tables


def test_a_run_has_its_counts_machine_and_commit() -> None:
    record = msgspec.structs.replace(
        RUN, environment={"cpu.model": "Test Processor", "git.commit": "abc", "package.jax": "0.10"}
    )
    content = content_of_run(record)
    older = NamedRun("older.json", make_run())
    first, second = run_details(msgspec.structs.replace(content, left_out=((older, "older"),)))
    assert (first.id, second.id) == (run_id("run.json"), run_id("older.json"))
    assert entries(first)["Cases"] == "3: 2 measured, 1 skipped"
    assert {table.title: table.rows for table in first.tables} == {
        "Machine and Python": (("cpu.model", "Test Processor"),),
        "Versions": (("jax", "0.10"),),
        "Commit": (("commit", "abc"),),
    }
