"""Saved runs and a history as a DuckDB database in memory, that answers one SELECT and reaches nothing else.

Who asks is whoever gave the command, but a question may have come from elsewhere: DuckDB reads, writes and downloads
whatever a statement names unless it is told not to. So the files of the history are all that it may open, no extension
is loaded, its settings are locked, and what is no SELECT is refused. It needs the extra ``sql``.
"""

from __future__ import annotations

import glob
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from speedscore.history.answers import Answer
from speedscore.history.errors import QuestionError
from speedscore.history.store import RUNS_BELOW
from speedscore.history.tables import PARTITION, TABLES, Table

_COUNTED_AT_ONCE = 10_000
"""Rows that are not shown are counted without being kept."""


def open_database(saved: Mapping[str, pa.Table], *, history: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A database with a view for each of ``TABLES``: the rows of ``saved``, by table, and those of a history."""
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            # A name that is no table is not looked for among the variables of this program.
            "python_enable_replacements": False,
            "temp_directory": "",
        }
    )
    folder = history.resolve() if history and next(history.glob(RUNS_BELOW), None) else None
    if folder:
        # DuckDB compares the beginning of the pattern, too: of a folder called "a[b]" that is "a[[]b]".
        allowed = ", ".join(_quoted(f"{place}/") for place in {str(folder), glob.escape(str(folder))})
        connection.execute(f"SET allowed_directories = [{allowed}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    for name, table in TABLES.items():
        connection.register(f"saved_{name}", saved[name])
        parts = [_selected(table, f"saved_{name}"), *([_selected(table, _files(folder, name))] if folder else [])]
        connection.execute(f"CREATE VIEW {name} AS {' UNION ALL '.join(parts)}")
    return connection


def ask(connection: duckdb.DuckDBPyConnection, question: str, *, most_rows: int | None = None) -> Answer:
    """The answer to one SELECT, with its first rows where ``most_rows`` says how many. Raises QuestionError."""
    try:
        statements = connection.extract_statements(question)
        if len(statements) != 1:
            raise QuestionError(f"expected one SELECT, found {len(statements)} statements; ask one thing at a time")
        # WITH, FROM, VALUES, DESCRIBE, SHOW and SUMMARIZE are SELECTs to DuckDB. EXPLAIN is none: with ANALYZE it does
        # what it explains, and COPY may write below the folder of the history.
        if statements[0].type != duckdb.StatementType.SELECT:
            raise QuestionError(f"expected a SELECT, found {statements[0].type.name}; nothing else is answered")
        return _fetched(connection.execute(statements[0]), most_rows=most_rows)
    except duckdb.Error as error:
        raise QuestionError(_in_one_line(error)) from None
    except RuntimeError as error:
        # So DuckDB says that Ctrl-C ended it.
        if "interrupted" in str(error).lower():
            raise KeyboardInterrupt from None
        raise


def _fetched(cursor: duckdb.DuckDBPyConnection, *, most_rows: int | None) -> Answer:
    names = tuple(column[0] for column in cursor.description or ())
    if most_rows is None:
        rows = tuple(cursor.fetchall())
        return Answer(names, rows, len(rows))
    rows = tuple(cursor.fetchmany(most_rows))
    count = len(rows)
    while more := len(cursor.fetchmany(_COUNTED_AT_ONCE)):
        count += more
    return Answer(names, rows, count)


def _in_one_line(error: duckdb.Error) -> str:
    """Without the drawing of the question and the place in it."""
    message, _, _ = str(error).partition("\n\nLINE ")
    return " ".join(message.split())


def _selected(table: Table, source: str) -> str:
    return f"SELECT {', '.join(column.name for column in table.all_columns)} FROM {source}"


def _files(folder: Path, name: str) -> str:
    pattern = _quoted(f"{glob.escape(str(folder))}/{RUNS_BELOW}/{name}.parquet")
    # Otherwise 2026-11 would be guessed to be a date, and an identity of digits alone a number.
    types = ", ".join(f"{column.name}: {column.type}" for column in PARTITION)
    return f"read_parquet({pattern}, hive_partitioning = true, hive_types = {{{types}}})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
