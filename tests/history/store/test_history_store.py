"""A history: every digit comes back, the same run counts once, and writers at once lose nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speedscore.history.errors import HistoryError, QuestionError
from speedscore.history.figures.tables import TABLES
from speedscore.record.run_file import RunFileError
from tests.history.sample_history import a_fleets_run, a_full_run

pytest.importorskip("duckdb", reason="needs speedscore[sql]")
pytest.importorskip("pyarrow", reason="needs speedscore[sql]")

import pyarrow.parquet as pq

from speedscore.history.asking.database import ask, open_database
from speedscore.history.figures import arrow
from speedscore.history.figures.arrow import tables_of_runs
from speedscore.history.store import parts, writing
from speedscore.history.store.datasets import read_whole
from speedscore.history.store.parts import MARKS, Contents, contents_of, has_form
from speedscore.history.store.storage import Folder, place_of
from tests.history.stored_rows import COUNTED, filled, rows
from tests.sample_runs import a_run, timed


def contents(folder: Path) -> Contents:
    return contents_of(place_of(str(folder)))


def raising(error: BaseException) -> Callable[..., Any]:
    def fails(*_: object, **__: object) -> None:
        raise error

    return fails


def test_saved_runs_and_a_history_of_them_answer_alike(tmp_path: Path) -> None:
    runs = [a_full_run(), a_full_run({"cpu.model": "another"}, day=40)]
    history = filled(tmp_path, *runs)
    for table in TABLES:
        question = f"select * from {table} order by all"
        expected = rows(question, saved=runs)
        assert expected
        assert rows(question, history=history) == expected, table
        assert rows(question, saved=runs[:1], history=filled(tmp_path / table, runs[1])) == expected, table


@settings(max_examples=10, deadline=None)
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
    run, another = a_full_run(), a_full_run(day=1)
    assert writing.add_runs(place_of(str(tmp_path)), [run, run]) == writing.Added(added=1, there=1)
    files = sorted(tmp_path.rglob("*"))
    assert writing.add_runs(place_of(str(tmp_path)), [run]) == writing.Added(added=0, there=1)
    assert sorted(tmp_path.rglob("*")) == files
    assert writing.add_runs(place_of(str(tmp_path)), [run, another]) == writing.Added(added=1, there=1)
    assert rows(COUNTED, history=tmp_path) == [(2, 2)]


def test_runs_that_are_added_together_are_one_part(tmp_path: Path) -> None:
    machines = {0: "a processor", 1: "another", 2: "a processor", 40: "a processor", 41: "another"}
    runs = [a_full_run({"cpu.model": name}, day=day) for day, name in machines.items()]
    writing.add_runs(place_of(str(tmp_path)), runs)
    (part,) = contents(tmp_path).parts
    assert len(part.mark.files) == 4
    for table in TABLES:
        question = f"select * from {table} order by all"
        assert rows(question, history=tmp_path) == rows(question, saved=runs)


def test_a_run_of_a_fleet_lies_by_the_machine_of_each_case_and_counts_once(tmp_path: Path) -> None:
    run = a_fleets_run()
    filled(tmp_path, run, run)
    for table in TABLES:
        question = f"select * from {table} order by all"
        assert rows(question, history=tmp_path) == rows(question, saved=[run])
    assert rows(COUNTED, history=tmp_path) == [(1, 1)]
    for table in ("cases", "rounds", "checks", "measurements", "ratios"):
        where = "model is not null" if table != "ratios" else "true"
        by_machine = f"select split_part(machine_id, '-', 1), model, count(*) from {table} where {where} "
        found = rows(by_machine + "group by all order by all", history=tmp_path)
        assert [row[:2] for row in found] == [("a", "mlp"), ("another", "gpt")]
        assert found[0][2] == found[1][2]
    assert len(contents(tmp_path).parts) == 1


def test_what_does_not_fit_into_memory_is_written_in_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PART_BYTES", 1)
    monkeypatch.setattr(arrow, "_MOST_ROWS", 1)
    writing.add_runs(place_of(str(tmp_path)), [a_full_run(day=day) for day in range(4)])
    assert len(contents(tmp_path).parts) == 4
    assert rows(COUNTED, history=tmp_path) == [(4, 4)]


def test_runs_lie_by_machine_and_month(tmp_path: Path) -> None:
    filled(
        tmp_path, a_full_run(), a_full_run(day=1), a_full_run(day=40), a_full_run({"cpu.model": "Another (R)"}, day=2)
    )
    months = [f"{folder.parent.name} {folder.name}" for folder in sorted(tmp_path.glob("machine_id=*/*"))]
    assert [name.split("=")[1].rpartition("-")[0] for name in months] == ["a-processor", "a-processor", "another-r"]
    assert [name.split("=")[2] for name in months] == ["2026-12", "2027-01", "2026-12"]
    counted = rows("select machine_id, month, count(*) from runs group by all order by all", history=tmp_path)
    assert [row[2] for row in counted] == [2, 1, 1]


def test_writers_at_once_lose_nothing_and_count_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MERGED_AT_ONCE", 3)
    runs = [a_full_run(day=day) for day in range(5)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda place: writing.add_runs(place_of(str(tmp_path)), [runs[place % 5]]), range(40)))
    assert rows(COUNTED, history=tmp_path) == [(5, 5)]
    assert rows("select count(*) from rounds", history=tmp_path) == [(5 * 5,)]
    assert list(tmp_path.rglob("*.tmp")) == []


def test_many_parts_are_merged_and_answer_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MERGED_AT_ONCE", 3)
    runs = [a_full_run(day=day) for day in range(11)]
    filled(tmp_path, *runs)
    assert sorted(len(part.mark.run_ids) for part in contents(tmp_path).parts) == [1, 1, 9]
    assert len(list(tmp_path.glob("*/*/part=*"))) == 3
    for table in TABLES:
        question = f"select * from {table} order by all"
        assert rows(question, history=tmp_path) == rows(question, saved=runs)
    assert writing.add_runs(place_of(str(tmp_path)), runs) == writing.Added(added=0, there=11)


def test_a_file_of_figures_is_in_the_order_of_its_cases_whoever_wrote_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MERGED_AT_ONCE", 3)
    monkeypatch.setattr(writing, "ROW_GROUP_ROWS", 2)
    runs = [a_full_run(day=day) for day in range(3)]
    for history in (tmp_path / "at once", filled(tmp_path / "merged", *runs)):
        writing.add_runs(place_of(str(history)), runs)
        (file,) = history.rglob("figures.parquet")
        cases = pq.ParquetFile(file)
        nodeids = cases.read(columns=["nodeid"]).column("nodeid").to_pylist()
        assert nodeids == sorted(nodeids)
        assert len(nodeids) == 3 * len(runs[0].cases)
        assert cases.num_row_groups == 5


def test_what_a_killed_merger_left_does_not_count_and_is_removed_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MERGED_AT_ONCE", 3)
    with monkeypatch.context() as patch:
        patch.setattr(Folder, "remove", lambda *_: None)
        filled(tmp_path, *(a_full_run(day=day) for day in range(3)))
    assert len(list(tmp_path.glob("*/*/part=*"))) == 4
    assert rows(COUNTED, history=tmp_path) == [(3, 3)]
    filled(tmp_path, *(a_full_run(day=day) for day in range(3, 6)))
    assert len(list(tmp_path.glob("*/*/part=*"))) == 2
    assert rows(COUNTED, history=tmp_path) == [(6, 6)]


def test_marks_of_replaced_parts_and_forgotten_files_go_after_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MERGED_AT_ONCE", 2)
    filled(tmp_path, a_full_run(), a_full_run(day=1))
    forgotten = tmp_path / "machine_id=one" / "month=2026-12" / "part=20261101T000000Z-0123" / "rounds.parquet"
    forgotten.parent.mkdir(parents=True)
    forgotten.write_bytes(b"of a writer that was killed")
    half_mark = tmp_path / MARKS / ".20261101T000000Z-4567.json.89ab.tmp"
    half_mark.write_bytes(b"{")
    filled(tmp_path, a_full_run(day=2), a_full_run(day=3))
    assert len(list((tmp_path / MARKS).iterdir())) == 7
    assert not forgotten.exists()
    assert not half_mark.exists()
    monkeypatch.setattr("speedscore.history.store.parts.MARKS_STAY", timedelta(0))
    monkeypatch.setattr(writing, "_commit", lambda place, part: parts.write_mark(place, part))
    filled(tmp_path, a_full_run(day=4), a_full_run(day=5), a_full_run(day=6), a_full_run(day=7))
    assert len(list((tmp_path / MARKS).iterdir())) == 1
    assert rows(COUNTED, history=tmp_path) == [(8, 8)]


def test_two_histories_that_were_copied_together_are_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MERGED_AT_ONCE", 2)
    one = filled(tmp_path / "one", a_full_run(), a_full_run(day=1))
    other = filled(tmp_path / "other", a_full_run(), a_full_run(day=2))
    shutil.copytree(other, one, dirs_exist_ok=True)
    assert rows(COUNTED, history=one) == [(3, 3)]
    assert rows(COUNTED, history=one, saved=[a_full_run(day=9)]) == [(4, 4)]
    assert rows("select * from rounds order by all", history=one) == rows(
        "select * from rounds order by all", saved=[a_full_run(), a_full_run(day=1), a_full_run(day=2)]
    )
    filled(one, a_full_run(day=3), a_full_run(day=4))
    assert rows(COUNTED, history=one) == [(5, 5)]


def test_a_reader_whose_files_are_merged_away_begins_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MERGED_AT_ONCE", 2)
    filled(tmp_path, a_full_run())
    place, listed = place_of(str(tmp_path)), []

    def read(contents: Contents) -> list[tuple[Any, ...]]:
        listed.append(len(contents.run_ids))
        if len(listed) == 1:
            filled(tmp_path, a_full_run(day=1))
        return list(ask(open_database(tables_of_runs([]), history=(place, contents)), COUNTED).rows)

    assert read_whole(place, read) == [(2, 2)]
    assert listed == [1, 2]
    with pytest.raises(OSError, match="of the reader"):
        read_whole(place, lambda _: (_ for _ in ()).throw(OSError("of the reader")))


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path, a_full_run())
    before = sorted(tmp_path.rglob("*"))
    written: list[object] = []

    def full(*_: object, **__: object) -> None:
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        written.append(None)

    with monkeypatch.context() as patch:
        patch.setattr("pyarrow.parquet.write_table", full)
        with pytest.raises(HistoryError, match=r"1 run could not be added .*No space left"):
            writing.add_runs(place_of(str(tmp_path)), [a_full_run(day=1)])
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("why", [KeyboardInterrupt(), HistoryError("the first error")], ids=repr)
def test_a_clean_up_that_fails_hides_no_error(
    why: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pyarrow.parquet.write_table", raising(why))
    monkeypatch.setattr(Folder, "remove", raising(OSError("the network is down")))
    with pytest.raises(type(why)) as found:
        writing.add_runs(place_of(str(tmp_path)), [a_full_run()])
    assert found.value is why


def test_who_may_not_remove_adds_and_merges_and_another_tidies_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MERGED_AT_ONCE", 2)
    with monkeypatch.context() as patch:
        patch.setattr(Folder, "remove", raising(PermissionError("DeleteObject is not allowed")))
        filled(tmp_path, *(a_full_run(day=day) for day in range(3)))
    assert sorted(len(part.mark.run_ids) for part in contents(tmp_path).parts) == [1, 2]
    assert len(list(tmp_path.glob("*/*/part=*"))) == 4
    filled(tmp_path, a_full_run(day=3))
    assert len(list(tmp_path.glob("*/*/part=*"))) == 1
    assert rows(COUNTED, history=tmp_path) == [(4, 4)]


def test_a_history_that_cannot_be_reached_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MERGED_AT_ONCE", 2)
    filled(tmp_path, a_full_run())
    place = place_of(str(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(writing, "_write_merged", raising(OSError("the network is down")))
        with pytest.raises(HistoryError, match=r"added, but .* \(the network is down\); a later add merges them"):
            writing.add_runs(place, [a_full_run(day=1)])
    for broken in ("read", "names"):
        with monkeypatch.context() as patch:
            patch.setattr(Folder, broken, raising(OSError("the network is down")))
            with pytest.raises(HistoryError, match=r"the network is down\); see that it can be reached"):
                writing.add_runs(place, [a_full_run(day=2)])
    writing.add_runs(place, [a_full_run(day=2)])
    assert rows(COUNTED, history=tmp_path) == [(3, 3)]


def test_files_without_a_mark_are_not_read(tmp_path: Path) -> None:
    filled(tmp_path, a_full_run())
    (part,) = tmp_path.glob("*/*/part=*")
    shutil.copytree(part, part.with_name("part=20261127T120000Z-0123"))
    assert rows(COUNTED, history=tmp_path) == [(1, 1)]


def test_a_damaged_or_missing_file_is_named_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path, a_full_run())
    (file,) = tmp_path.rglob("rounds.parquet")
    file.write_bytes(b"no Parquet")
    with pytest.raises(QuestionError, match=r"rounds\.parquet"):
        rows("select * from rounds", history=tmp_path)
    monkeypatch.setattr(writing, "MERGED_AT_ONCE", 2)
    with pytest.raises(HistoryError, match=r"the runs were added, but those there could not be merged .*make it again"):
        writing.add_runs(place_of(str(tmp_path)), [a_full_run(day=1)])
    assert rows("select count(*) from runs", history=tmp_path) == [(2,)]
    file.unlink()
    with pytest.raises(HistoryError, match=r"rounds\.parquet: missing from the history; make it again"):
        rows("select * from rounds", history=tmp_path)
    (mark, _) = sorted((tmp_path / MARKS).iterdir())
    mark.write_text("{")
    with pytest.raises(HistoryError, match=rf"{mark.name} cannot be read .*; make it again"):
        rows("select * from rounds", history=tmp_path)


def test_a_history_of_another_form_is_neither_read_nor_added_to(tmp_path: Path) -> None:
    filled(tmp_path, a_full_run())
    mark = tmp_path / "speedscore-history.json"
    for text in ('{"form_version": 99}', "{}", "no JSON"):
        mark.write_text(text)
        with pytest.raises(HistoryError, match="make it again"):
            has_form(place_of(str(tmp_path)))
        with pytest.raises(HistoryError, match="make it again"):
            writing.add_runs(place_of(str(tmp_path)), [a_full_run(day=1)])


def test_a_folder_of_something_else_does_not_become_a_history(tmp_path: Path) -> None:
    (tmp_path / "0001_run.json").write_text("{}")
    with pytest.raises(HistoryError, match=r"expected a history, or a new or an empty folder, found 0001_run\.json"):
        writing.add_runs(place_of(str(tmp_path)), [a_full_run()])
    assert [path.name for path in tmp_path.iterdir()] == ["0001_run.json"]


def test_a_history_without_runs_is_empty(tmp_path: Path) -> None:
    assert rows("select count(*) from rounds", history=tmp_path) == [(0,)]


def test_a_folder_may_be_called_anything(tmp_path: Path) -> None:
    history = filled(tmp_path / "it's [a] *history*?", a_full_run())
    assert rows("select count(*) from rounds", history=history) == [(5,)]


def test_what_fits_no_column_is_refused_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match=r"^column flops: a value is no BIGINT"):
        writing.add_runs(place_of(str(tmp_path)), [a_run(timed([0.1], flops=10**30))])
    assert list(tmp_path.iterdir()) == []
