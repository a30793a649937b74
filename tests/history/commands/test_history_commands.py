"""``history show``, ``changes`` and ``export``, and ``compare`` with a history: what saved runs say, a history says."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import re
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from speedscore.__main__ import main
from speedscore.comparing.saved_figures import figures_of
from speedscore.record.run_record import Round, RunRecord
from tests.history.sample_history import a_fleets_run, a_full_run
from tests.history.sample_nights import CASE, RUNS, a_gate, records

pytest.importorskip("duckdb", reason="needs speedscore[sql]")
pytest.importorskip("pyarrow", reason="needs speedscore[sql]")

import duckdb
import fsspec

from speedscore.history.asking import past
from speedscore.history.errors import HistoryError
from speedscore.history.store.datasets import read_whole
from speedscore.history.store.parts import mark_place
from speedscore.history.store.storage import place_of
from speedscore.history.store.writing import add_runs
from tests.history.stored_rows import rows
from tests.sample_runs import a_run, save, timed


def said(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert main([str(word) for word in words]) == 0
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert main([str(word) for word in words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    return line


def two_machines() -> list[RunRecord]:
    """Thirty nights on each, half an hour apart."""
    others = [
        msgspec.structs.replace(run, created=run.created.replace("12:00", "12:30"))
        for run in records(processor="another", ratio=1.0, seed=9)
    ]
    return [*records(), *others]


def runs_folder(folder: Path, runs: list[RunRecord]) -> Path:
    for number, run in enumerate(runs):
        save(folder / f"{number}.json", run)
    return folder


@pytest.fixture(name="saved")
def _saved(tmp_path: Path) -> Path:
    return runs_folder(tmp_path / "saved", two_machines())


@pytest.fixture(name="history")
def _history(saved: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    """In a store, as a command reaches it."""
    place = f"memory://{secrets.token_hex(8)}/nights"
    assert said(capsys, "history", "add", saved, "--to", place) == f"{place}: runs added: 60, there already: 0\n"
    yield place
    fsspec.filesystem("memory").rm(place, recursive=True)


def test_a_case_is_shown_by_machine_metric_and_month(history: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(capsys, "history", "show", "jax-mlp", "--from", history)
    lines = shown.splitlines()
    assert lines[0] == CASE
    assert max(map(len, lines)) <= 80
    headings = [line for line in lines if line.startswith("  ") and line.lstrip().startswith(("time", "graph"))]
    assert [line.split(",")[0].strip() for line in headings] == ["time", "time", "graph_breaks", "graph_breaks"]
    assert lines[2].split() == ["month", "runs", "median", "lowest", "highest", "newest", "commit"]
    assert lines[3].split()[:2] == ["2026-12", str(RUNS)]
    assert lines[3].endswith("292929292")
    assert "2026-12-19: changed package.jax 0.10.1 → 0.10.2" in shown


def test_each_run_is_shown_with_its_commit(history: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "history", "show", "*mlp*", "--runs", "--from", history).splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.endswith("181818181") for line in lines) == 4
    assert any(line.startswith("    2026-12-19 12:00 ") for line in lines)


@pytest.mark.parametrize("form", ["text", "json", "csv"])
def test_saved_runs_and_a_history_of_them_show_alike(
    form: str, saved: Path, history: str, capsys: pytest.CaptureFixture[str]
) -> None:
    of_history, of_files, of_both = (
        said(capsys, "history", "show", "jax-mlp", "--format", form, *places)
        for places in (("--from", history), ("--from", saved), ("--from", history, "--from", saved))
    )
    if form == "json":
        for answer in (shown := [json.loads(each) for each in (of_history, of_files, of_both)]):
            for series in answer["series"]:
                for point in series["points"]:
                    del point["run"]
        assert shown[0] == shown[1] == shown[2]
    elif form == "csv":
        table = [list(csv.DictReader(io.StringIO(each))) for each in (of_history, of_files)]
        for row in (*table[0], *table[1]):
            del row["run"]
        assert table[0] == table[1]
        assert "package.jax 0.10.1 → 0.10.2" in {row["changed"] for row in table[0]}
    else:
        assert of_history == of_files == of_both


def test_a_fleets_run_is_shown_by_the_machine_of_each_case(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved, history = save(tmp_path / "run.json", a_fleets_run()), tmp_path / "history"
    said(capsys, "history", "add", saved, "--to", history)
    shown = said(capsys, "history", "show", "*", "--from", history)
    assert shown == said(capsys, "history", "show", "*", "--from", saved)
    (of_there,) = re.findall(r"jax-gpt\]\n.*time, smoke, (\S+)-[0-9a-f]+:", shown)
    (of_own,) = re.findall(r"jax-mlp\]\n.*time, smoke, (\S+)-[0-9a-f]+:", shown)
    assert (of_own, of_there) == ("a-processor", "another")


def test_changes_of_a_history_are_those_of_its_runs(
    saved: Path, history: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ruptures")
    monkeypatch.setattr(past, "_MOST_ROWS", 1)
    gate = a_gate(tmp_path / "gate.json")
    of_history = said(capsys, "history", "changes", history, gate)
    assert of_history == said(capsys, "history", "changes", saved, gate)
    assert "worse: 1.0" in of_history
    assert "gate: regressed 1.08× at 181818181" in of_history


def test_a_case_that_is_not_there_is_refused_with_what_was_meant(
    history: str, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for place in (history, saved):
        meant = refused(capsys, "history", "show", "jax-mlq", "--from", place)
        assert meant == "speedscore: no case 'jax-mlq' there; did you mean 'jax-mlp'?"
    assert f"there is {CASE!r}" in refused(capsys, "history", "show", "resnet", "--from", history)


def test_the_beginning_of_an_id_up_to_a_hyphen_means_every_case_that_begins_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = ("jax-gpt-cpu", "jax-gpt-gpu", "jax-gpt2-cpu", "jax-tuned-gpt-cpu", "jax-mlp", "jax-mlp-cpu")
    nodeids = {each: f"bench_suite/test_training.py::test_training[{each}]" for each in ids}
    cases = [msgspec.structs.replace(timed([0.1]), id=each, nodeid=nodeid) for each, nodeid in nodeids.items()]
    place = save(tmp_path / "run.json", a_run(*cases))
    for word, meant in {
        "jax-gpt": ["jax-gpt-cpu", "jax-gpt-gpu"],
        "*-gpt": ["jax-gpt-cpu", "jax-gpt-gpu", "jax-tuned-gpt-cpu"],
        "jax-mlp": ["jax-mlp"],
        "jax-gpt-gpu": ["jax-gpt-gpu"],
    }.items():
        shown = json.loads(said(capsys, "history", "show", word, "--from", place, "--format", "json"))
        assert [series["case"] for series in shown["series"]] == [nodeids[each] for each in meant]
    assert "no case 'jax-g' there" in refused(capsys, "history", "show", "jax-g", "--from", place)


def test_a_few_cases_are_in_memory_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = place_of(str(tmp_path))
    add_runs(place, [a_full_run(day=day) for day in range(3)])
    monkeypatch.setattr(past, "_MOST_ROWS", 5)
    counts = read_whole(place, lambda contents: past.case_counts(place, contents))
    assert list(counts.values()) == [3, 3, 3]
    assert [len(batch) for batch in past.in_batches(counts, sorted(counts))] == [1, 1, 1]
    monkeypatch.setattr(past, "_MOST_ROWS", 6)
    assert [len(batch) for batch in past.in_batches(counts, sorted(counts))] == [2, 1]


def exported(capsys: pytest.CaptureFixture[str], path: Path, *words: object) -> str:
    return said(capsys, "history", "export", "--to", path, *words)


def test_an_export_has_every_digit_of_what_was_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [a_full_run(), a_full_run({"cpu.model": "another"}, day=1), a_full_run(day=40)]
    add_runs(place_of(str(tmp_path / "history")), runs)
    history = ("--from", tmp_path / "history")
    for table in ("runs", "cases", "rounds", "probes"):
        path = tmp_path / f"{table}.parquet"
        assert exported(capsys, path, *history, "--table", table).startswith(f"{path}: ")
        with duckdb.connect() as other:
            found = other.sql(f"select * from '{path}' order by all").fetchall()
        assert found == rows(f"select * from {table} order by all", history=tmp_path / "history")
    path = tmp_path / "cases.csv"
    assert exported(capsys, path, "jax-mlp", *history, "--until", "2026-12-01") == f"{path}: 1 row of cases\n"
    (row,) = csv.DictReader(io.StringIO(path.read_text()))
    (seconds,) = rows("select seconds from cases where framework = 'jax' and device = 'cpu'", saved=runs[:1])[0]
    assert float(row["seconds"]) == seconds
    assert json.loads(row["program"]) == {"variant": "jit", "threads": "2"}
    path = tmp_path / "rounds.json"
    words = ("--table", "rounds", "--since", "2026-12-02", "--until", "2027-01", "--machine", "a-processor")
    exported(capsys, path, *history, *words)
    assert {row["month"] for row in json.loads(path.read_text())} == {"2027-01"}
    assert exported(capsys, path, *history, "--since", "2030-01").endswith(": 0 rows of cases\n")
    assert json.loads(path.read_text()) == []


def test_an_export_that_cannot_be_made_leaves_what_was_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_runs(place_of(str(tmp_path / "history")), [a_full_run()])
    history = ("--from", tmp_path / "history")
    path = tmp_path / "cases.csv"
    path.write_text("mine")
    export = ("history", "export", "--to", path, *history)
    assert "did you mean 'jax-mlp'?" in refused(capsys, *export, "jax-mlq")
    assert "belongs to no case" in refused(capsys, *export, "jax-mlp", "--table", "ratios")
    assert "expected a day or a month" in refused(capsys, *export, "--since", "yesterday")
    assert "expected a file that ends in .csv" in refused(capsys, *export, "--to", tmp_path / "cases.xlsx")
    assert "no history there" in refused(capsys, *export, "--from", tmp_path)
    (file,) = tmp_path.rglob("history/**/cases.parquet")
    file.write_bytes(b"no Parquet")
    assert "what stood there before is untouched" in refused(capsys, *export)
    assert path.read_text() == "mine"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["cases.csv", "history"]


def test_the_rows_of_a_machine_are_named_by_its_id_or_by_its_name_in_a_fleet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_runs(place_of(str(tmp_path / "history")), [a_fleets_run()])
    path = tmp_path / "cases.json"
    words = ("--from", tmp_path / "history", "--machine")
    for machine, tables in {"other": ("cases", "ratios", "machines"), "another-": ("cases", "rounds")}.items():
        for table in tables:
            exported(capsys, path, *words, machine, "--table", table)
            found = json.loads(path.read_text())
            assert found
            assert all(row["machine_id"].startswith("another-") for row in found)
    path.unlink()
    export = ("history", "export", "--to", path, *words)
    assert "rows of rounds do not name the machine of a fleet, as 'other' is" in refused(
        capsys, *export, "other", "--table", "rounds"
    )
    line = refused(capsys, *export, "othen")
    assert line.startswith("speedscore: no machine 'othen' among a-processor-")
    assert line.endswith(", other; did you mean 'other'?")
    assert not path.exists()


def test_compare_learns_from_a_history_what_it_learns_from_its_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    earlier = [
        a_run(timed([level * (1 + 0.001 * (-1) ** number), 0.1]), day=number - 100.0, environment={"cpu.model": model})
        for number in range(25)
        for model, level in (("a processor", 0.1), ("another", 0.3))
    ]
    folder = runs_folder(tmp_path / "saved", earlier)
    said(capsys, "history", "add", folder, "--to", "history")
    now = save(tmp_path / "now.json", a_run(timed([0.1, 0.1]), environment={"cpu.model": "a processor"}))
    then = save(tmp_path / "then.json", a_run(timed([0.105, 0.105]), day=1, environment={"cpu.model": "a processor"}))
    answers = [
        json.loads(said(capsys, "compare", now, then, "--format", "json", "--history", place))
        for place in (folder, "history")
    ]
    assert answers[0] == answers[1]
    assert answers[1]["comparisons"][0]["rows"][0]["past_runs"] == 25


def test_months_that_hold_none_of_the_newest_runs_are_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "MOST_RUNS", 3)
    days = (0, 1, 29, 31, 32, 62)
    runs = [a_full_run({"cpu.model": "another"} if day == 31 else {}, day=day) for day in days]
    place = tmp_path / "history"
    add_runs(place_of(str(place)), runs)
    like, cases = figures_of(a_full_run(day=99), path="now"), [case.nodeid for case in runs[0].cases]

    def found() -> list[str]:
        return [run.created[:10] for run in past.earlier_runs(str(place), like=like, cases=cases, allow=())]

    # The newest run of December is the third, for one of January is of another machine.
    assert found() == ["2026-12-30", "2027-01-02", "2027-02-01"]
    monkeypatch.setattr(past, "MOST_RUNS", 2)
    assert found() == ["2027-01-02", "2027-02-01"]
    for file in place.glob("*/month=2026-12/*/figures.parquet"):
        file.write_bytes(b"no Parquet")
    assert found() == ["2027-01-02", "2027-02-01"]
    monkeypatch.setattr(past, "MOST_RUNS", 3)
    with pytest.raises(HistoryError, match=r"cannot be read .*; see that it can be reached"):
        found()


def test_an_export_of_some_days_opens_no_other_month(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_runs(place_of(str(tmp_path / "history")), [a_full_run(day=day) for day in (0, 31, 62)])
    for month in ("2026-12", "2027-02"):
        for file in tmp_path.glob(f"history/*/month={month}/*/*.parquet"):
            file.write_bytes(b"no Parquet")
    path = tmp_path / "runs.csv"
    words = ("--from", tmp_path / "history", "--table", "runs", "--since", "2027-01", "--until")
    for until in ("2027-01", "2027-01-01"):
        assert exported(capsys, path, *words, until) == f"{path}: 1 row of runs\n"


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("s3://bucket/history", "Install s3fs to access S3"),
        ("nowhere://history", "Protocol not known: nowhere"),
        ("memory://nothing-there", "no history there; make one: speedscore history add RUN… --to memory://"),
    ],
)
def test_a_store_that_cannot_be_reached_is_said_in_a_line(
    place: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if place.startswith("s3") and importlib.util.find_spec("s3fs"):
        pytest.skip("s3fs is installed")
    assert reason in refused(capsys, "sql", "select 1", place)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            "history show x --from nowhere",
            "nowhere: no such file, folder or run in .benchmarks; there is nothing in .benchmarks; pytest "
            "--benchmark-only --benchmark-save NAME saves a run there; to make a history: speedscore history add RUN… "
            "--to nowhere",
        ),
        (
            "history changes nowhere",
            "nowhere: no such file, folder or run in .benchmarks; there is nothing in .benchmarks; pytest "
            "--benchmark-only --benchmark-save NAME saves a run there; to make a history: speedscore history add RUN… "
            "--to nowhere",
        ),
        (
            "history changes",
            ".benchmarks: no such file, folder or run in .benchmarks; there is nothing in .benchmarks; pytest "
            "--benchmark-only --benchmark-save NAME saves a run there; to make a history: speedscore history add RUN… "
            "--to FOLDER",
        ),
        (
            "history changes empty",
            "empty: no .json file there; to make a history: speedscore history add RUN… --to empty",
        ),
        (
            "history export --from nowhere --to a.csv",
            "nowhere: no history there; make one: speedscore history add RUN… --to nowhere",
        ),
        (
            "history export --from runs/a.json --to a.csv",
            "runs/a.json: no history there; make one: speedscore history add runs/a.json --to FOLDER",
        ),
        (
            "history export --from runs --to a.csv",
            "runs: no history there; make one: speedscore history add runs --to FOLDER",
        ),
        (
            "compare runs/a.json runs/b.json --history runs/a.json",
            "--history runs/a.json: expected a folder of saved runs or a history, found a file; to make a history: "
            "speedscore history add runs/a.json --to FOLDER",
        ),
        (
            "compare runs/a.json runs/b.json --history nowhere",
            "--history nowhere: no such folder; to make a history: speedscore history add RUN… --to nowhere",
        ),
    ],
)
def test_where_no_history_and_no_run_is_it_says_how_to_get_one(
    words: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    save(Path("runs/a.json"), a_full_run())
    save(Path("runs/b.json"), a_full_run(day=1))
    assert refused(capsys, *words.split()) == f"speedscore: {says}"


def test_a_history_of_probes_alone_says_that_no_case_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("ruptures", reason="needs speedscore[report]")
    probes_alone = msgspec.structs.replace(a_full_run(), cases=(), ratios=())
    add_runs(place_of(str(tmp_path / "history")), [probes_alone])
    save(tmp_path / "run.json", probes_alone)
    remedy = "probes are no cases: speedscore sql asks a history of them, speedscore probes a saved run"
    for place in (tmp_path / "history", tmp_path / "run.json"):
        text = " ".join(said(capsys, "history", "changes", place).split())
        assert text == f"0 series of 0 cases; 0 changed. No case there has figures; {remedy}."
        line = refused(capsys, "history", "show", "jax-mlp", "--from", place)
        assert line == f"speedscore: no case 'jax-mlp' there, nor any other; {remedy}"


@pytest.mark.parametrize("field", ["seed", "flops", "turn", "created"])
def test_a_run_that_cannot_be_kept_is_left_out_and_no_other(
    field: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = a_run(timed([0.1]))
    case = run.cases[0]
    changed: dict[str, dict[str, Any]] = {
        "seed": {"seed": 10**400},
        "flops": {"cases": (msgspec.structs.replace(case, flops=1 << 63),)},
        "turn": {"cases": (msgspec.structs.replace(case, rounds=(Round(0.1, turn=-(1 << 64), process=0),)),)},
        "created": {"created": ""},
    }
    why = "the run does not say when" if field == "created" else "the 'speedscore' block is not valid: "
    bad = save(tmp_path / "runs" / "bad.json", msgspec.structs.replace(run, **changed[field]))
    save(tmp_path / "runs" / "good.json", a_run(timed([0.1]), day=1))
    assert main(["history", "add", str(tmp_path / "runs"), "--to", str(tmp_path / "history")]) == 0
    captured = capsys.readouterr()
    assert "runs added: 1, there already: 0" in captured.out
    assert f"1 file left out, no saved run; the first: {bad}: {why}" in captured.err
    line = refused(capsys, "history", "add", bad, "--to", tmp_path / "other")
    assert line.startswith(f"speedscore: {bad}: {why}")
    assert not (tmp_path / "other").exists()


def test_a_run_of_the_largest_numbers_breaks_no_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    largest = sys.float_info.max
    for name, seconds, day in (("odd", [largest, largest], 0), ("good", [0.1, 0.1], 1)):
        save(tmp_path / "runs" / f"{name}.json", a_run(timed(seconds), day=day))
    assert main(["history", "add", str(tmp_path / "runs"), "--to", str(tmp_path / "history")]) == 0
    capsys.readouterr()
    assert "2 runs" in said(capsys, "history", "show", "*", "--from", tmp_path / "history")


def test_a_history_without_runs_is_asked_in_vain_and_breaks_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mark_place(place_of(str(tmp_path / "history")))
    assert "no case 'jax-mlp' there" in refused(capsys, "history", "show", "jax-mlp", "--from", tmp_path / "history")
    assert said(capsys, "history", "changes", tmp_path / "history").startswith("0 series of 0 cases; 0 changed.")
    exported = tmp_path / "cases.csv"
    assert "0 rows of cases" in said(capsys, "history", "export", "--from", tmp_path / "history", "--to", exported)
    assert exported.read_text(encoding="utf-8").startswith("machine_id,month,run_id,nodeid,")
