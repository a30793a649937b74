"""A history says where a series changed, between which commits, with which versions, and what gates said there."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from speedscore.__main__ import main
from speedscore.gate.reporting.report import SideReport
from speedscore.history.asking.change_points import FEWEST_RUNS
from speedscore.history.asking.changes import HistoryReport, SeriesChanges, history_of
from speedscore.history.asking.gate_marks import is_gate_report, read_marks
from speedscore.history.commands.changes_output import as_json as changes_as_json
from speedscore.history.commands.changes_output import as_text as changes_as_text
from speedscore.history.commands.changes_output import series_heading
from speedscore.history.commands.show_output import as_text
from speedscore.history.figures.series import make_series
from speedscore.record.run_file import RunFileError
from tests.history.sample_nights import CASE, MINOR, STEP, a_gate, in_memory, records
from tests.sample_runs import save

pytest.importorskip("ruptures")


def of_metric(report: HistoryReport, metric: str) -> SeriesChanges:
    (changes,) = [each for each in report.series if each.series.metric == metric]
    return changes


def test_a_change_is_placed_between_two_commits_and_named_with_the_versions_that_changed() -> None:
    (change,) = of_metric(history_of(in_memory(records())), "time").change_points
    assert (change.index, change.direction) == (STEP, "worse")
    assert (change.last_before, change.first_after) == ("17" * 20, "18" * 20)
    assert change.ratio is not None
    assert change.low is not None
    assert change.high is not None
    assert change.low <= 1.08 <= change.high
    assert [(each.field, each.head) for each in change.changed] == [("package.jax", "0.10.2")]


def test_less_time_is_better() -> None:
    (change,) = of_metric(history_of(in_memory(records(ratio=0.9))), "time").change_points
    assert change.direction == "better"


@pytest.mark.parametrize(("better", "direction"), [("lower", "worse"), ("higher", "better")])
def test_what_is_counted_changes_wherever_it_differs(better: str, direction: str) -> None:
    (change,) = of_metric(history_of(in_memory(records(better=better))), "graph_breaks").change_points
    assert (change.index, change.direction) == (5, direction)
    assert change.ratio == pytest.approx(4 / 3)
    assert (change.low, change.high, change.chance) == (None, None, None)


def test_of_too_few_runs_it_says_how_many_it_needs() -> None:
    report = history_of(in_memory(records()[: FEWEST_RUNS - 1]))
    time = of_metric(report, "time")
    assert time.change_points == ()
    assert time.why_none == f"needs at least {FEWEST_RUNS} runs, has {FEWEST_RUNS - 1}"
    assert report.tested == 0
    assert of_metric(report, "graph_breaks").change_points


def test_two_machines_are_told_apart_and_share_the_false_alarm() -> None:
    report = history_of(in_memory([*records(), *records(processor="another", ratio=1.0, seed=9)]))
    times = [changes for changes in report.series if changes.series.metric == "time"]
    assert [len(changes.change_points) for changes in times] == [1, 0]
    assert len({changes.series.machine for changes in times}) == 2
    assert report.tested == 2


def test_a_gates_verdict_stands_at_the_runs_of_its_commit(tmp_path: Path) -> None:
    report = history_of(in_memory(records()), read_marks(a_gate(tmp_path / "gate.json")))
    (mark,) = of_metric(report, "time").marks
    assert (mark.mark.outcome, mark.indices) == ("regressed", (STEP,))
    assert of_metric(report, "graph_breaks").marks == ()


def test_a_gates_unchanged_is_minor_beside_an_interval_that_excludes_1(tmp_path: Path) -> None:
    marks = read_marks(a_gate(tmp_path / "gate.json", verdicts=MINOR))
    assert [(mark.metric, mark.outcome, mark.is_minor) for mark in marks] == [
        ("time", "unchanged", True),
        ("memory", "unchanged", False),
    ]
    report = history_of(in_memory(records()), marks)
    assert "gate: minor 1.01× at 181818181" in changes_as_text(report)
    assert json.loads(changes_as_json(report))["series"][0]["marks"][0]["mark"]["is_minor"] is True


@pytest.mark.parametrize(
    "head",
    [SideReport("head", commit="ab" * 20), SideReport("head", commit="18" * 20, dirty=True), SideReport("head")],
    ids=["unmeasured", "with changes", "unknown"],
)
def test_a_gate_of_what_no_run_measured_stands_at_none(tmp_path: Path, head: SideReport) -> None:
    report = history_of(in_memory(records()), read_marks(a_gate(tmp_path / "gate.json", head=head)))
    (mark,) = of_metric(report, "time").marks
    assert mark.indices == ()


def test_a_canary_is_no_verdict_on_a_commit(tmp_path: Path) -> None:
    assert read_marks(a_gate(tmp_path / "gate.json", canary=0.05)) == ()


def test_a_gate_file_of_another_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match=r"expected a gate's JSON of form 1, found 9"):
        read_marks(a_gate(tmp_path / "gate.json", schema_version=9))
    (tmp_path / "broken.json").write_text('{"schema_version": 1, "headline": "x", "exit_code": 0}')
    assert is_gate_report(tmp_path / "broken.json")
    with pytest.raises(RunFileError, match="not a gate's JSON file"):
        read_marks(tmp_path / "broken.json")


def a_folder(folder: Path) -> Path:
    for place, run in enumerate(records()):
        save(folder / f"{place}.json", run)
    a_gate(folder / "gate.json")
    (folder / "notes.json").write_text("{}")
    return folder


def test_the_command_reads_a_folder_of_runs_and_gates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "changes", str(a_folder(tmp_path))]) == 0
    said, complained = capsys.readouterr()
    lines = said.splitlines()
    assert lines[0] == CASE
    assert any(line.startswith("    2026-12-19  worse: 1.0") and "171717171 → 181818181" in line for line in lines)
    assert "      there changed package.jax 0.10.1 → 0.10.2" in lines
    assert "    2026-12-19  gate: regressed 1.08× at 181818181" in lines
    assert "    2026-12-06  worse: 1.33×, 040404040 → 050505050" in lines
    assert max(map(len, lines)) <= 80
    assert "one file left out" not in said
    assert complained.startswith("speedscore: 1 file left out, no saved run; the first: ")


def test_a_day_is_that_of_utc_whatever_zone_a_run_was_saved_in() -> None:
    run = records()[0]
    case = msgspec.structs.replace(run.cases[0], occasion="2026-12-31T23:30:00-02:00")
    all_series = make_series(in_memory([msgspec.structs.replace(run, cases=(case,))]))
    assert {series_heading(series).rpartition(", ")[2] for series in all_series} == {"2027-01-01"}
    assert "2027-01  " in as_text(all_series, each_run=False)


@pytest.mark.parametrize(
    "content",
    [b'{"schema_version":1,"headline":"\xff","exit_code":0}', b"[" * 100_000, b'{"schema_version":1,"headline":[]}'],
    ids=["not utf-8", "too deep", "of another form"],
)
def test_a_damaged_file_among_runs_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    save(tmp_path / "run.json", records()[0])
    (tmp_path / "damaged.json").write_bytes(content)
    assert main(["history", "changes", str(tmp_path)]) == 0
    assert "1 file left out, no saved run; the first: " in capsys.readouterr().err


def test_the_json_form_is_the_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "changes", str(a_folder(tmp_path)), "--format", "json"]) == 0
    report = msgspec.convert(json.loads(capsys.readouterr().out), HistoryReport)
    assert of_metric(report, "time").change_points[0].index == STEP


@pytest.mark.parametrize(
    ("content", "reason"),
    [("{}", "no saved run there; the first file that is none: "), (None, "no .json file there")],
    ids=["no run", "nothing"],
)
def test_a_folder_without_runs_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, reason: str
) -> None:
    if content is not None:
        (tmp_path / "notes.json").write_text(content)
    assert main(["history", "changes", str(tmp_path)]) == 2
    said, complained = capsys.readouterr()
    assert (said, len(complained.splitlines())) == ("", 1)
    assert reason in complained


def test_without_its_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert main(["history", "changes"]) == 2
    assert 'ruptures: not installed; python -m pip install "speedscore[report]"' in capsys.readouterr().err
