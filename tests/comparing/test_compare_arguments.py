"""What the RUN of a command line stands for, which files are read, and what is said of one that cannot be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from speedscore.comparing.baseline import KEPT, promote
from speedscore.comparing.finding_runs import STORAGE, find_file, find_side
from speedscore.record.run_file import RunFileError
from tests.comparing.sample_runs import save_plain
from tests.sample_runs import a_run, save, timed

MACHINE_FOLDER = "Linux-CPython-3.11-64bit"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command is given, with three runs in pytest-benchmark's storage."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("0001_first", "0002_second", "0002_second_again")):
        save(STORAGE / MACHINE_FOLDER / f"{name}.json", a_run(timed([0.1, 0.1]), day=float(number)))
    return tmp_path


def paths(argument: str) -> list[str]:
    return [Path(run.path).stem for run in find_side(argument).runs]


@pytest.mark.parametrize(
    ("argument", "found"),
    [
        ("0001", ["0001_first"]),
        ("0001_first", ["0001_first"]),
        (f"{MACHINE_FOLDER}/0001", ["0001_first"]),
        ("0002_second", ["0002_second"]),
        ("0002*", ["0002_second", "0002_second_again"]),
        (f".benchmarks/{MACHINE_FOLDER}/0001_first.json", ["0001_first"]),
        (".benchmarks", ["0001_first", "0002_second", "0002_second_again"]),
        (".benchmarks/*/0002*.json", ["0002_second", "0002_second_again"]),
    ],
)
def test_an_argument_is_a_name_a_file_a_folder_or_a_glob(argument: str, found: list[str]) -> None:
    assert paths(argument) == found


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("0002", "0002: 2 runs in .benchmarks begin so: 0002_second, 0002_second_again; name one, or write 0002*"),
        ("0007", "0007: no such file, folder or run in .benchmarks; there are 0001_first, 0002_second"),
        ("nothing/*.json", "nothing/*.json: no .json file there"),
        ("no**thing", "no**thing: no .json file there"),
        ("baseline", "there is no baseline yet; set one: speedscore baseline set RUN"),
    ],
)
def test_what_stands_for_nothing_says_what_there_is(argument: str, said: str) -> None:
    with pytest.raises(RunFileError, match=f"^{re.escape(said)}"):
        find_side(argument)


def test_where_one_run_is_wanted_several_are_refused() -> None:
    assert find_file("0001").stem == "0001_first"
    with pytest.raises(RunFileError, match="expected one run, found 2"):
        find_file("0002*")


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "broken.json"), ("[]", "broken.json"), ('{"benchmarks": 3}', "not a run that pytest-benchmark saved")],
)
def test_a_file_that_is_no_run_is_named(folder: Path, text: str, said: str) -> None:
    (folder / "broken.json").write_text(text)
    with pytest.raises(RunFileError, match=re.escape(said)):
        find_side("broken.json")


def test_in_a_folder_a_file_that_is_no_run_is_left_out_and_named() -> None:
    (STORAGE / "broken.json").write_text("{")
    side = find_side(".benchmarks")
    assert len(side.runs) == 3
    (left_out,) = side.left_out
    assert "broken.json" in left_out


def test_a_folder_without_any_run_is_refused(folder: Path) -> None:
    (folder / "empty").mkdir()
    (folder / "empty" / "broken.json").write_text("{")
    with pytest.raises(RunFileError, match=r"empty: no saved run among 1 files; the first: .*broken\.json"):
        find_side("empty")


def test_a_plain_file_of_pytest_benchmark_is_one_process(folder: Path) -> None:
    (run,) = find_side(str(save_plain(folder / "plain.json", median=0.25))).runs
    (case,) = run.cases.values()
    assert case.figures["time"].by_process == (0.25,)
    assert run.fields["cpu.model"] == "a processor"


def test_a_date_that_is_none_is_refused(folder: Path) -> None:
    path = save_plain(folder / "plain.json")
    path.write_text(path.read_text().replace("2026-12-01", "yesterday"))
    with pytest.raises(RunFileError, match="expected a date and time in ISO 8601"):
        find_side("plain.json")


def test_the_first_baseline_is_the_anchor_too_and_the_anchor_then_stays() -> None:
    assert promote(find_file("0001"), anchor=False) == ("baseline", "anchor")
    assert promote(find_file("0002_second"), anchor=False) == ("baseline",)
    assert [find_side(word).runs[0].created[:10] for word in KEPT] == ["2026-12-02", "2026-12-01"]
    assert promote(find_file("0002_second_again"), anchor=True) == ("anchor",)
    assert [find_side(word).runs[0].created[:10] for word in KEPT] == ["2026-12-02", "2026-12-03"]


def test_what_cannot_be_promoted_leaves_the_baseline_as_it_is(folder: Path) -> None:
    promote(find_file("0001"), anchor=False)
    before = {name: path.read_bytes() for name, path in KEPT.items()}
    (folder / "broken.json").write_text("{")
    save(folder / "nothing.json", a_run())
    for name, said in (("broken.json", "broken.json"), ("nothing.json", "no case was measured in it")):
        with pytest.raises(RunFileError, match=re.escape(said)):
            promote(folder / name, anchor=False)
    assert {name: path.read_bytes() for name, path in KEPT.items()} == before
    assert sorted(path.name for path in KEPT["baseline"].parent.iterdir()) == ["anchor.json", "baseline.json"]
