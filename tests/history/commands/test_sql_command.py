"""``speedscore sql`` and ``speedscore history``: what they print in each format, and say where they cannot."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
from pathlib import Path

import msgspec
import pytest

from speedscore.__main__ import main
from speedscore.history.asking.answers import FORMATS, Answer
from speedscore.record.run_file import load_run
from tests.comparing.sample_runs import save_plain
from tests.history.sample_history import SECONDS, a_full_run, a_skipped_case
from tests.places import ROOT
from tests.sample_runs import a_run, save, timed

(RUN,) = (ROOT / "fixtures" / "runs").glob("*-cpu-smoke.json")
HOSTILE = 'it "said"\n\x1b[31mred\x1b[0m, \x9b2J | <b>\u202eerutan'
needs_sql = pytest.mark.skipif(
    any(importlib.util.find_spec(module) is None for module in ("duckdb", "pyarrow")), reason="needs speedscore[sql]"
)


def said(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> str:
    assert main([str(word) for word in words]) == code
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert main([str(word) for word in words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    return line


@pytest.fixture(name="run_file")
def _run_file(tmp_path: Path) -> Path:
    return save(tmp_path / "run.json", a_full_run())


@needs_sql
def test_the_sample_run_is_answered_in_eighty_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    record = load_run(RUN)
    for table in ("runs", "cases", "rounds", "ratios", "checks"):
        shown = said(capsys, "sql", f"select * from {table}", RUN)
        assert max(map(len, shown.splitlines())) <= 80
    rounds = sum(len(case.rounds) for case in record.cases)
    assert said(capsys, "sql", "select count(*) as n from rounds", RUN) == f"   n\n----\n{rounds}\n"


@needs_sql
def test_csv_and_json_have_every_digit_and_a_table_six(run_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    question = "select round_index, seconds, environment['absent'] as absent from rounds join runs using (run_id) " + (
        "where framework = 'jax' order by 1"
    )
    _, *rows = csv.reader(io.StringIO(said(capsys, "sql", question, run_file, "--format", "csv")))
    assert [(int(index), float(seconds), absent) for index, seconds, absent in rows] == [
        (index, seconds, "") for index, seconds in enumerate(SECONDS)
    ]
    objects = json.loads(said(capsys, "sql", question, run_file, "--format", "json"))
    assert objects == [{"round_index": index, "seconds": each, "absent": None} for index, each in enumerate(SECONDS)]
    assert said(capsys, "sql", question, run_file).splitlines()[-2:] == [
        "          1      0.3  NULL",
        "          2    1e-09  NULL",
    ]


@needs_sql
@pytest.mark.parametrize("form", FORMATS)
def test_text_from_outside_reaches_no_terminal_as_it_stands(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = save(tmp_path / "run.json", a_run(timed([0.1]), a_skipped_case(HOSTILE)))
    question = "select reason, {'reason': reason}, 'a' as \"\x1b[31m\" from cases where reason <> ''"
    shown = said(capsys, "sql", question, run, "--format", form)
    assert not {"\x1b", "\x9b", "\u202e"} & set(shown)
    assert "red" in shown
    if form == "markdown":
        assert "<b>" not in shown.replace("\\<b\\>", "")
        assert len({line.replace("\\|", "").count("|") for line in shown.splitlines()}) == 1


@needs_sql
def test_what_is_left_out_is_said(run_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("sql", "select nodeid from rounds", run_file, "--rows", 2)
    assert said(capsys, *asked).splitlines()[-1] == "3 of 5 rows are left out; --rows 5 shows them"
    assert said(capsys, *asked, "--format", "markdown").splitlines()[-1].startswith("3 of 5 rows")
    assert main(list(map(str, (*asked, "--format", "csv")))) == 0
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 3
    assert captured.err == "speedscore: 3 of 5 rows are left out; --rows 5 shows them\n"
    many = "select * from range(250)"
    assert "150 of 250 rows are left out" in said(capsys, "sql", many, run_file)
    assert len(json.loads(said(capsys, "sql", many, run_file, "--format", "json"))) == 250
    assert said(capsys, "sql", "select 1 as one limit 0", run_file) == "one\n---\nno rows\n"


@needs_sql
def test_the_same_run_counts_once_however_it_is_named(
    run_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history, copy = tmp_path / "history", tmp_path / "copies" / "copy.json"
    copy.parent.mkdir()
    copy.write_bytes(run_file.read_bytes())
    save_plain(copy.with_name("plain.json"))
    assert main(["history", "add", str(run_file), str(copy.parent), "--to", str(history)]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{history}: runs added: 1, there already: 0\n"
    assert captured.err.startswith("speedscore: 1 file left out, no saved run; the first: ")
    assert said(capsys, "history", "add", copy, "--to", history).endswith("runs added: 0, there already: 1\n")
    later = save(tmp_path / "later.json", a_full_run(day=1))
    question = "select count(*) as n from runs"
    assert said(capsys, "sql", question, history, run_file, copy, later) == "n\n-\n2\n"


@needs_sql
def test_without_a_run_the_storage_of_pytest_benchmark_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / ".benchmarks" / "machine" / "0001_run.json", a_full_run())
    assert said(capsys, "sql", "select count(*) as n from runs") == "n\n-\n1\n"
    assert said(capsys, "history", "add", "--to", "kept") == "kept: runs added: 1, there already: 0\n"


@needs_sql
def test_what_cannot_be_answered_is_a_line(run_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 'Did you mean "rounds"?' in refused(capsys, "sql", "select * from round", run_file)
    assert "no such file" in refused(capsys, "sql", "select 1", tmp_path / "absent.json")
    assert "--tables prints the tables" in refused(capsys, "sql")
    assert "\\u001b[31m" in refused(capsys, "sql", "select error(chr(27) || '[31m' || chr(10) || 'two')", run_file)
    for name in ("one", "two"):
        said(capsys, "history", "add", run_file, "--to", tmp_path / name)
    assert "expected one history, found 2" in refused(capsys, "sql", "select 1", tmp_path / "one", tmp_path / "two")
    assert "cannot be read" in refused(capsys, "sql", run_file, f"select {'1 + ' * 100} 1")
    moment = msgspec.structs.replace(a_full_run(), created="yesterday")
    unknown = save(tmp_path / "unknown.json", moment)
    assert "unknown.json: expected a date and time" in refused(capsys, "sql", "select 1", unknown)
    occupied = tmp_path / "file"
    occupied.write_text("")
    assert "1 run could not be added" in refused(capsys, "history", "add", run_file, "--to", occupied)


def test_a_missing_extra_is_named(
    run_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)  # noqa: ARG005
    remedy = 'python -m pip install "speedscore[sql]"'
    assert remedy in refused(capsys, "sql", "select 1", run_file)
    assert remedy in refused(capsys, "history", "add", run_file, "--to", "anywhere")
    assert "rounds" in said(capsys, "sql", "--tables"), "what needs no extra is answered without it"


def test_values_that_json_has_no_form_for_are_text_and_names_are_distinct() -> None:
    answer = Answer(("a", "a", "a_2", "b"), ((float("nan"), float("inf"), b"\x00", {1: (None, 1.5)}),), rows_count=1)
    assert json.loads(FORMATS["json"](answer, width=80)) == [
        {"a": "nan", "a_3": "inf", "a_2": "b'\\x00'", "b": {"1": [None, 1.5]}}
    ]
