"""Many files are added by several processes: nothing is lost or counted twice, and they end with whoever began them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speedscore.comparing.reading_runs import FoundFiles, find_run_files
from speedscore.history.errors import HistoryError
from speedscore.record.content_id import content_id
from speedscore.record.run_file import RunFileError
from tests.history.sample_history import a_full_run
from tests.sample_runs import save

pytest.importorskip("duckdb", reason="needs speedscore[sql]")
pytest.importorskip("pyarrow", reason="needs speedscore[sql]")

from speedscore.history.store import adding
from speedscore.history.store.parts import contents_of
from speedscore.history.store.storage import place_of
from speedscore.history.store.writing import Added, add_runs
from speedscore.host.piped import PipedProcess
from tests.history.stored_rows import rows

RUNS = [a_full_run(day=day) for day in range(5)]


@pytest.fixture(name="saved")
def _saved(tmp_path: Path) -> list[str]:
    """Words of a command line: a folder, in which one file is no run and two are the same, and a file of its own."""
    for number, run in enumerate((*RUNS[:4], RUNS[0])):
        save(tmp_path / "runs" / f"{number}.json", run)
    (tmp_path / "runs" / "2b.json").write_text("{}")
    return [str(tmp_path / "runs"), str(save(tmp_path / "one.json", RUNS[4]))]


@pytest.fixture(name="writers")
def _writers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[psutil.Process]]:
    """Two processes for however few files; those that were started, all of which end by themselves."""
    started: list[psutil.Process] = []
    ended: set[int] = set()

    class Watched(PipedProcess):
        def __init__(self, *command: Any, **options: Any) -> None:
            super().__init__(*command, **options)
            started.append(psutil.Process(self.pid))

        def hang_up(self, *, within_seconds: float) -> bool:
            has_ended = super().hang_up(within_seconds=within_seconds)
            if has_ended:
                ended.add(self.pid)
            return has_ended

    monkeypatch.setattr(adding, "PipedProcess", Watched)
    monkeypatch.setattr(adding, "_FEWEST_FILES", 1)
    monkeypatch.setattr(adding, "usable_processors", lambda: (0, 1))
    yield started
    assert ended == {process.pid for process in started}
    assert not [process for process in started if process.is_running()]


def test_several_processes_add_what_one_adds(saved: list[str], writers: list[psutil.Process], tmp_path: Path) -> None:
    history = tmp_path / "history"
    add_runs(place_of(str(history)), [RUNS[3]])
    left_out: list[str] = []
    assert adding.add_files(str(history), find_run_files(saved), left_out) == Added(added=4, there=1)
    assert len(writers) == 2
    (reason,) = left_out
    assert reason.startswith(f"{tmp_path / 'runs' / '2b.json'}: ")
    for table in ("runs", "rounds", "cases"):
        question = f"select * from {table} order by all"
        assert rows(question, history=history) == rows(question, saved=RUNS)
    assert len(contents_of(place_of(str(history))).parts) == 3
    assert adding.add_files(str(history), find_run_files(saved), []) == Added(added=0, there=5)


def test_what_one_process_refuses_is_said_as_one_alone_says_it(
    saved: list[str], writers: list[psutil.Process], tmp_path: Path
) -> None:
    (tmp_path / "none").mkdir()
    for name in "ab":
        (tmp_path / "none" / f"{name}.json").write_text("{}")
    named = str(tmp_path / "none" / "a.json")
    with pytest.raises(RunFileError, match=r"a\.json: holds no 'speedscore' block"):
        adding.add_files(str(tmp_path / "history"), find_run_files([named, *saved]), [])
    with pytest.raises(RunFileError, match=r"none: no saved run among 2 files; the first: .*a\.json"):
        adding.add_files(str(tmp_path / "history"), find_run_files([*saved, str(tmp_path / "none")]), [])
    with pytest.raises(HistoryError, match=r"expected a history, or a new or an empty folder, found a\.json in it"):
        adding.add_files(str(tmp_path / "none"), find_run_files(saved), [])
    assert len(writers) == 6


def test_ctrl_c_leaves_no_process_and_no_half_file(
    saved: list[str], writers: list[psutil.Process], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(PipedProcess, "read_line", interrupted)
    with pytest.raises(KeyboardInterrupt):
        adding.add_files(str(tmp_path / "history"), find_run_files(saved), [])
    assert len(writers) == 2
    # They were told so long before they had loaded what they add with.
    place = place_of(str(tmp_path / "history"))
    assert contents_of(place).parts == ()
    assert not [name for name in place.names() if name.endswith((".parquet", ".tmp"))]


def test_a_process_that_is_lost_is_told_with_its_reason(
    saved: list[str], writers: list[psutil.Process], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adding, "_request", lambda *_, **__: b"{}")
    with pytest.raises(HistoryError, match=r"a process that added runs ended with exit code 1.*; add the runs again$"):
        adding.add_files(str(tmp_path / "history"), find_run_files(saved), [])
    assert len(writers) == 2


def test_what_lies_in_this_process_alone_is_added_by_it(saved: list[str], writers: list[psutil.Process]) -> None:
    place = "memory://added-by-this-process"
    assert adding.add_files(place, find_run_files(saved), []).added == len({content_id(run) for run in RUNS})
    assert writers == []


@given(st.lists(st.integers(0, 9), min_size=1, max_size=4).filter(any), st.integers(1, 5))
def test_every_file_goes_to_one_process_in_order(counts: list[int], processes: int) -> None:
    found = [
        FoundFiles(f"{argument}", tuple(Path(f"{argument}/{number}") for number in range(count)), argument % 2 == 0)
        for argument, count in enumerate(counts)
    ]
    shared = adding.shares(found, processes)
    assert 1 <= len(shared) <= processes
    pieces = [piece for share in shared for piece in share]
    assert [path for _, files in pieces for path in files.paths] == [path for files in found for path in files.paths]
    for argument, files in pieces:
        assert (files.argument, files.are_pooled) == (found[argument].argument, found[argument].are_pooled)
    sizes = [sum(len(files.paths) for _, files in share) for share in shared]
    assert max(sizes) == -(-sum(counts) // processes)
