"""What DuckDB may do on behalf of a question: answer one SELECT over the tables, and reach nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from speedscore.history.errors import QuestionError
from tests.history.sample_history import a_full_run

pytest.importorskip("duckdb", reason="needs speedscore[sql]")
pytest.importorskip("pyarrow", reason="needs speedscore[sql]")

import duckdb

from speedscore.history.asking.database import ask, open_database
from speedscore.history.figures.arrow import tables_of_runs
from speedscore.history.store.parts import contents_of
from speedscore.history.store.storage import place_of
from speedscore.history.store.writing import add_runs


@pytest.fixture(name="connection", scope="module")
def _connection(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """With a run of its own and a history, whose files it may not open either."""
    history = tmp_path_factory.mktemp("history")
    add_runs(place_of(str(history)), [a_full_run()])
    place = place_of(str(history))
    return open_database(tables_of_runs([a_full_run(day=1)]), history=(place, contents_of(place)))


@pytest.mark.parametrize(
    "question",
    [
        "select * from read_csv('{outside}')",
        "select * from read_text('{outside}')",
        "select * from '{outside}'",
        "select * from glob('/*')",
        "select * from sniff_csv('{outside}')",
        "copy (select 1) to '{outside}'",
        "explain analyze copy (select 1) to '{outside}.parquet'",
        "with planted as (copy (select 1) to '{outside}.parquet') select 1",
        "select * from query('copy (select 1) to ''{outside}.parquet''')",
        "attach '{outside}.db' as other",
        "export database '{outside}.folder'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set allowed_directories = ['/']",
        "with planted as (insert into runs select * from runs) select 1",
        "reset enable_external_access",
        "call enable_logging()",
        "pragma enable_profiling",
        "drop view runs",
        "create table planted as select 1",
        "insert into runs select * from runs",
        "prepare planted as select 1",
        "select 1; select 2",
        "",
        "-- nothing",
        "selec 1",
        "select * from planted",
    ],
)
def test_what_is_no_question_about_the_tables_is_refused_in_a_line(
    question: str, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    other = duckdb.connect()
    planted = other.sql("select 1")  # A name of this program is no table.
    outside = tmp_path / "outside.csv"
    outside.write_text("secret\n1\n")
    asked = question.format(outside=outside)
    with pytest.raises(QuestionError) as caught:
        ask(connection, asked)
    assert len(str(caught.value).splitlines()) == 1
    assert outside.read_text() == "secret\n1\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outside.csv"]
    assert planted


def test_a_refusal_has_the_hint_of_duckdb(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(QuestionError, match=r'Table with name rond does not exist! Did you mean "rounds"\?$'):
        ask(connection, "select * from rond")
    with pytest.raises(QuestionError, match=r'column "second" not found .* "seconds"'):
        ask(connection, "select second\nfrom rounds")


@pytest.mark.parametrize(
    "question",
    ["with a as (select 1) select * from a", "from runs", "describe runs", "show tables", "explain from runs"],
)
def test_every_form_of_a_select_is_answered(question: str, connection: duckdb.DuckDBPyConnection) -> None:
    assert ask(connection, question).rows


def test_of_many_rows_the_first_are_kept_and_all_are_counted(connection: duckdb.DuckDBPyConnection) -> None:
    answer = ask(connection, "select * from range(25000)", most_rows=3)
    assert (answer.rows, answer.rows_count) == (((0,), (1,), (2,)), 25000)


def test_it_needs_no_home_and_leaves_nothing_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    connection = open_database(tables_of_runs([a_full_run()]))
    assert ask(connection, "select count(*) from rounds r, rounds s order by 1").rows == ((25,),)
    assert list(tmp_path.iterdir()) == []
