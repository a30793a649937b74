"""Two machines of one kind share a series of a history: where it went from one to the other is said."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import msgspec
import pytest

from speedscore.__main__ import main
from speedscore.record.run_record import RunRecord
from tests.history.sample_nights import CASE, RUNS, STEP, records
from tests.record.sample_machines import BOX_1
from tests.sample_runs import save

pytest.importorskip("duckdb", reason="needs speedscore[sql]")
pytest.importorskip("pyarrow", reason="needs speedscore[sql]")
pytest.importorskip("ruptures", reason="needs speedscore[report]")


def on_a_fleet(run: RunRecord, name: str) -> RunRecord:
    """The same run, whose cases a machine of that name measured."""
    cases = tuple(msgspec.structs.replace(case, machine=name) for case in run.cases)
    return msgspec.structs.replace(run, cases=cases, machines={name: run.environment | BOX_1})


def saved(folder: Path, *, of_fleet: bool, names: tuple[str, str] = ("node1", "node2")) -> Path:
    """Nights whose machine is another one, of the same kind, from that on which they are slower."""
    for day, run in enumerate(records()):
        name = names[day >= STEP]
        if of_fleet:
            save(folder / f"{day}.json", on_a_fleet(run, name), host="head")
        else:
            save(folder / f"{day}.json", run, host=name)
    return folder


@pytest.fixture(name="places", params=["a fleet", "hosts"])
def _places(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[Path]:
    """Saved runs, and a history of them."""
    folder = saved(tmp_path / "saved", of_fleet=request.param == "a fleet")
    said(capsys, "history", "add", folder, "--to", tmp_path / "history")
    return [folder, tmp_path / "history"]


def said(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert main([str(word) for word in words]) == 0
    return capsys.readouterr().out


def test_a_change_is_named_with_the_machine_that_changed_there(
    places: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for place in places:
        lines = said(capsys, "history", "changes", place).splitlines()
        assert "      there changed machine node1 → node2, package.jax 0.10.1 → 0.10.2" in lines
        assert f": {RUNS} runs on 2 machines, " in " ".join(lines)
        assert max(map(len, lines)) <= 80
        report = json.loads(said(capsys, "history", "changes", place, "--format", "json"))
        (change,) = next(each for each in report["series"] if each["series"]["metric"] == "time")["change_points"]
        assert (change["machine_before"], change["machine_after"]) == ("node1", "node2")


def test_each_run_is_shown_with_its_machine(places: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    for place in places:
        show = ("history", "show", "jax-mlp", "--from", place)
        lines = said(capsys, *show, "--runs").splitlines()
        assert max(map(len, lines)) <= 80
        assert sum(line.endswith("  node2") for line in lines) == 2 * (RUNS - STEP)
        assert any(line.endswith("  to  commit     machine") for line in lines)
        expected = ["node1"] * STEP + ["node2"] * (RUNS - STEP)
        for series in json.loads(said(capsys, *show, "--format", "json"))["series"]:
            assert [point["machine_name"] for point in series["points"]] == expected
        table = csv.DictReader(io.StringIO(said(capsys, *show, "--format", "csv")))
        assert [line["machine_name"] for line in table if line["metric"] == "time"] == expected


def test_one_machine_is_not_spoken_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = saved(tmp_path, of_fleet=False, names=("node1", "node1"))
    text = said(capsys, "history", "changes", folder)
    assert "there changed package.jax" in text
    assert "machines" not in text


def test_compare_learns_of_machines_from_a_history_what_it_learns_from_its_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    nights = records(ratio=1.0)
    base, head = (save(Path(f"node{number}.json"), nights[number], host=f"node{number}") for number in (1, 2))
    for name, hosts in (("turns", ["node1", "node2"] * 15), ("alone", ["node1"] * 30)):
        for day, (run, host) in enumerate(zip(nights, hosts, strict=True)):
            if day not in (1, 2):
                save(tmp_path / name / f"{day}.json", run, host=host)
        said(capsys, "history", "add", name, "--to", f"history of {name}")
        answers = [
            json.loads(said(capsys, "compare", base, head, "--format", "json", "--history", place))
            for place in (name, f"history of {name}")
        ]
        assert answers[0] == answers[1]
        (time,) = [row for row in answers[0]["comparisons"][0]["rows"] if row["verdict"]["metric"] == "time"]
        assert time["verdict"]["case"] == CASE
        assert time["verdict"]["machine"] == "node1 → node2"
        assert time["noise"] == ("history" if name == "turns" else "assumed")
