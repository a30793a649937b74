"""Arguments that no file system can answer, the order of the runs that one stands for, and what a baseline survives."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from speedscore.comparing.baseline import ANCHOR, BASELINE, KEPT, promote
from speedscore.comparing.finding_runs import find_side
from speedscore.record.run_file import RunFileError
from tests.bench_suite.sample_session import Matrix
from tests.comparing.sample_runs import save_plain
from tests.sample_runs import a_run, save, timed


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command is given."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("", "a RUN is empty"),
        ("x" * 300, f"{'x' * 300}: cannot be read (File name too long)"),
    ],
    ids=["empty", "too long"],
)
def test_what_is_no_path_at_all_is_told_like_any_other(folder: Path, argument: str, said: str) -> None:
    save(folder / "run.json", a_run(timed([0.1, 0.1])))
    with pytest.raises(RunFileError, match=f"^{re.escape(said)}"):
        find_side(argument)


def test_the_runs_of_a_folder_stand_in_the_order_of_their_time(folder: Path) -> None:
    for name, day in (("a", 2.0), ("b", 0.0), ("c", 1.0)):
        save(folder / "runs" / f"{name}.json", a_run(timed([0.1, 0.1]), day=day))
    assert [Path(run.path).stem for run in find_side("runs").runs] == ["b", "c", "a"]


def test_runs_of_two_time_zones_stand_in_the_order_of_their_time(folder: Path) -> None:
    for name, created in (("late", "2026-12-01T23:30:00-02:00"), ("early", "2026-12-02T00:30:00+00:00")):
        run = msgspec.structs.replace(a_run(timed([0.1, 0.1])), created=created)
        save(folder / "runs" / f"{name}.json", run)
    assert [Path(run.path).stem for run in find_side("runs").runs] == ["early", "late"]


def test_what_is_in_a_folder_and_is_no_file_is_left_out_and_named(folder: Path) -> None:
    save(folder / "runs" / "run.json", a_run(timed([0.1, 0.1])))
    (folder / "runs" / "folder.json").mkdir()
    (folder / "runs" / "link.json").symlink_to(folder / "nowhere.json")
    side = find_side("runs")
    assert [Path(run.path).stem for run in side.runs] == ["run"]
    assert [re.findall(r"\w+\.json", line)[0] for line in side.left_out] == ["folder.json", "link.json"]


@pytest.mark.parametrize("word", KEPT)
def test_a_kept_run_is_a_copy_that_outlives_its_original(folder: Path, word: str) -> None:
    original = save(folder / "run.json", a_run(timed([0.1, 0.1])))
    before = json.loads(original.read_bytes())
    promote(original, anchor=False)
    original.unlink()
    assert json.loads(KEPT[word].read_bytes()) == before
    assert find_side(word).label == word


def test_a_baseline_of_what_is_no_json_is_read_again(folder: Path) -> None:
    """pytest-benchmark writes NaN, also for a benchmark that measured nothing."""
    document = json.loads(save_plain(folder / "plain.json").read_text())
    nothing = {"fullname": "test_nothing", "stats": {"median": float("nan")}, "params": {"x": float("nan")}}
    document["benchmarks"].append(nothing)
    (folder / "plain.json").write_text(json.dumps(document))
    promote(folder / "plain.json", anchor=False)
    (kept,), (original,) = find_side(BASELINE).runs, find_side("plain.json").runs
    assert kept.cases == original.cases
    assert kept.cases["test_nothing"].reason == "its median is nan"


def test_a_baseline_that_cannot_be_written_leaves_the_one_that_stands(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote(save(folder / "one.json", a_run(timed([0.1, 0.1]))), anchor=False)
    before = KEPT[BASELINE].read_bytes()

    def full(*_: Path) -> None:
        raise OSError(28, "No space left on device")

    other = save(folder / "other.json", a_run(timed([0.2, 0.2]), day=1.0))
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(RunFileError, match=r"^\.speedscore/baseline\.json: not saved \(No space left on device\)"):
            promote(other, anchor=False)
    assert KEPT[BASELINE].read_bytes() == before
    assert sorted(path.name for path in KEPT[BASELINE].parent.iterdir()) == ["anchor.json", "baseline.json"]


def test_a_session_that_saves_its_run_promotes_nothing(matrix: Matrix) -> None:
    kept = matrix.folder / KEPT[BASELINE]
    save(kept, a_run(timed([0.1, 0.1])))
    before = kept.read_bytes()
    matrix.make("training", sample="healthy")
    result = matrix.run("-k", "cpu", "--benchmark-autosave")
    result.assert_outcomes(passed=1, deselected=2)
    assert len(list((matrix.folder / ".benchmarks").rglob("*.json"))) == 1, "the session did save"
    assert kept.read_bytes() == before
    assert not (matrix.folder / KEPT[ANCHOR]).exists()
