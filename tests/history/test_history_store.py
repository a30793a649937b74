"""A history: every digit comes back, the same run counts once, and writers at once lose nothing."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speedscore.history.errors import HistoryError, QuestionError
from speedscore.history.tables import TABLES
from speedscore.record.run_file import RunFileError
from speedscore.record.run_record import RunRecord
from tests.comparing.sample_runs import a_run, timed
from tests.history.sample_history import a_full_run

pytest.importorskip("duckdb", reason="needs speedscore[sql]")
pytest.importorskip("pyarrow", reason="needs speedscore[sql]")

from speedscore.history import parts, store
from speedscore.history.arrow import tables_of_runs
from speedscore.history.database import ask, open_database


def rows(question: str, *, saved: Sequence[RunRecord] = (), history: Path | None = None) -> list[tuple[Any, ...]]:
    return list(ask(open_database(tables_of_runs(saved), history=history), question).rows)


def filled(folder: Path, *runs: RunRecord) -> Path:
    for run in runs:
        store.add_run(folder, run)
    return folder


def test_saved_runs_and_a_history_of_them_answer_alike(tmp_path: Path) -> None:
    runs = [a_full_run(), a_full_run({"cpu.model": "another"}, day=40)]
    history = filled(tmp_path, *runs)
    for table in TABLES:
        question = f"select * from {table} order by all"
        expected = rows(question, saved=runs)
        assert expected
        assert rows(question, history=history) == expected, table
        assert rows(question, saved=runs[:1], history=filled(tmp_path / table, runs[1])) == expected, table


@settings(max_examples=10)
@given(
    st.lists(st.floats(min_value=0, exclude_min=True, allow_infinity=False), min_size=1, max_size=5),
    st.floats(min_value=0, allow_infinity=False),
)
def test_every_digit_comes_back(tmp_path_factory: pytest.TempPathFactory, seconds: list[float], memory: float) -> None:
    run = a_run(
        timed(seconds, extra=[msgspec.structs.replace(a_full_run().cases[0].measurements[0], samples=(memory,))])
    )
    history = filled(tmp_path_factory.mktemp("history"), run)
    assert [row[0] for row in rows("select seconds from rounds order by round_index", history=history)] == seconds
    assert rows("select value from measurements", history=history) == [(memory,)]


def test_the_digits_of_a_record_are_those_of_the_answer(tmp_path: Path) -> None:
    run = a_full_run()
    history = filled(tmp_path, run)
    ratios = [(ratio.value, ratio.low, ratio.high) for ratio in run.ratios]
    assert rows("select ratio, ratio_low, ratio_high from ratios", history=history) == ratios
    assert rows("select seconds from probes", history=history) == [([0.1 + 0.2],)]
    checks = [
        (check.error, check.tolerance) for case in run.cases if case.certificate for check in case.certificate.checks
    ]
    assert rows("select error, tolerance from checks", history=history) == checks
    # Seconds of 0.2 and 0.25 in two processes: the root of their product.
    (figure,) = rows("select seconds from cases where framework = 'torch'", history=history)
    assert figure[0] == pytest.approx(0.05**0.5, rel=1e-15)


def test_the_same_run_counts_once(tmp_path: Path) -> None:
    run = a_full_run()
    assert store.add_run(tmp_path, run)
    files = sorted(tmp_path.rglob("*"))
    assert not store.add_run(tmp_path, run)
    assert sorted(tmp_path.rglob("*")) == files
    assert rows("select count(*) from runs", history=tmp_path) == [(1,)]


def test_runs_lie_by_machine_and_month(tmp_path: Path) -> None:
    filled(tmp_path, a_full_run(), a_full_run(day=1), a_full_run(day=40), a_full_run({"cpu.model": "Another (R)"}))
    months = [f"{folder.parent.name} {folder.name}" for folder in sorted(tmp_path.glob("*/*"))]
    assert [name.split("=")[1].rpartition("-")[0] for name in months] == ["a-processor", "a-processor", "another-r"]
    assert [name.split("=")[2] for name in months] == ["2026-12", "2027-01", "2026-12"]
    counted = rows("select machine_id, month, count(*) from runs group by all order by all", history=tmp_path)
    assert [row[2] for row in counted] == [2, 1, 1]


def test_writers_at_once_lose_nothing_and_count_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MERGED_AT_ONCE", 3)
    runs = [a_full_run(day=day) for day in range(5)]
    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda place: store.add_run(tmp_path, runs[place % 5]), range(40)))
    assert added.count(True) == 5
    assert rows("select count(*), count(distinct run_id) from runs", history=tmp_path) == [(5, 5)]
    assert rows("select count(*) from rounds", history=tmp_path) == [(5 * 5,)]
    assert list(tmp_path.glob(".adding*")) == []


def test_many_runs_of_a_month_are_merged_and_answer_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MERGED_AT_ONCE", 3)
    runs = [a_full_run(day=day) for day in range(7)]
    filled(tmp_path, *runs)
    assert len(parts.all_parts(tmp_path)) == len(list(tmp_path.glob("*/*/part=*"))) == 3
    for table in TABLES:
        question = f"select * from {table} order by all"
        assert rows(question, history=tmp_path) == rows(question, saved=runs)
    assert all(store.contains(tmp_path, run) for run in runs)
    assert not any(store.add_run(tmp_path, run) for run in runs)


def test_parts_that_a_merger_could_not_remove_do_not_count_and_are_removed_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MERGED_AT_ONCE", 3)
    question = "select count(*), count(distinct run_id) from runs"
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)
        filled(tmp_path, *(a_full_run(day=day) for day in range(3)))
    assert len(list(tmp_path.glob("*/*/part=*"))) == 4
    assert rows(question, history=tmp_path) == [(3, 3)]
    filled(tmp_path, *(a_full_run(day=day) for day in range(3, 6)))
    assert len(list(tmp_path.glob("*/*/part=*"))) == 2
    assert rows(question, history=tmp_path) == [(6, 6)]


def test_two_histories_that_were_copied_together_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MERGED_AT_ONCE", 2)
    one = filled(tmp_path / "one", a_full_run(), a_full_run(day=1))
    other = filled(tmp_path / "other", a_full_run(), a_full_run(day=2))
    shutil.copytree(other, one, dirs_exist_ok=True)
    with pytest.raises(HistoryError, match="a run stands in two merged parts"):
        rows("select count(*) from runs", history=one)


def test_nothing_is_merged_while_somebody_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MERGED_AT_ONCE", 2)
    filled(tmp_path, *(a_full_run(day=day) for day in range(2)))
    assert len(parts.all_parts(tmp_path)) == 1
    with parts.reading(tmp_path):
        filled(tmp_path, *(a_full_run(day=day) for day in range(2, 5)))
        assert len(parts.all_parts(tmp_path)) == 4
    filled(tmp_path, a_full_run(day=5))
    assert len(parts.all_parts(tmp_path)) == 2
    with pytest.raises(OSError, match="of the reader"), parts.reading(tmp_path):
        raise OSError("of the reader")


def test_a_writer_that_fails_or_is_killed_leaves_nothing_that_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path, a_full_run())
    written: list[Path] = []

    def full(path: Path, _: object) -> None:
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        written.append(path)

    with monkeypatch.context() as patch:
        patch.setattr(store, "_write", full)
        with pytest.raises(HistoryError, match="No space left"):
            store.add_run(tmp_path, a_full_run(day=1))
    assert sorted(path.name for path in tmp_path.iterdir() if "machine_id" not in path.name) == [
        "speedscore-history.json"
    ]
    (part,) = parts.all_parts(tmp_path)
    shutil.copytree(part, tmp_path / ".adding-0-1-2")
    assert rows("select count(*) from runs", history=tmp_path) == [(1,)]


def test_a_damaged_or_missing_file_is_named_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path, a_full_run())
    (file,) = tmp_path.rglob("rounds.parquet")
    file.write_bytes(b"no Parquet")
    with pytest.raises(QuestionError, match=r"rounds\.parquet"):
        rows("select * from rounds", history=tmp_path)
    monkeypatch.setattr(store, "MERGED_AT_ONCE", 2)
    with pytest.raises(HistoryError, match="the run was added, but those there cannot be merged"):
        store.add_run(tmp_path, a_full_run(day=1))
    assert rows("select count(*) from runs", history=tmp_path) == [(2,)]
    file.unlink()
    with pytest.raises(HistoryError, match=r"rounds\.parquet: missing from the history; make it again"):
        rows("select * from runs", history=tmp_path)


def test_a_history_of_another_form_is_neither_read_nor_added_to(tmp_path: Path) -> None:
    filled(tmp_path, a_full_run())
    mark = tmp_path / "speedscore-history.json"
    for text in ('{"form_version": 99}', "{}", "no JSON"):
        mark.write_text(text)
        with pytest.raises(HistoryError, match="make it again"):
            parts.check_form(tmp_path)
        with pytest.raises(HistoryError, match="make it again"):
            store.add_run(tmp_path, a_full_run(day=1))


def test_a_folder_of_something_else_does_not_become_a_history(tmp_path: Path) -> None:
    (tmp_path / "0001_run.json").write_text("{}")
    with pytest.raises(HistoryError, match=r"expected a history, or a new or an empty folder, found 0001_run\.json"):
        store.add_run(tmp_path, a_full_run())
    assert [path.name for path in tmp_path.iterdir()] == ["0001_run.json"]


def test_a_history_without_runs_is_empty(tmp_path: Path) -> None:
    assert rows("select count(*) from rounds", history=tmp_path) == [(0,)]


def test_a_folder_may_be_called_anything(tmp_path: Path) -> None:
    history = filled(tmp_path / "it's [a] *history*?", a_full_run())
    assert rows("select count(*) from rounds", history=history) == [(5,)]


def test_what_fits_no_column_is_refused_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match=r"^column flops: a value is no BIGINT"):
        store.add_run(tmp_path, a_run(timed([0.1], flops=10**30)))
