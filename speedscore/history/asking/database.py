"""Saved runs and a history as a DuckDB database in memory, that answers one SELECT and reaches nothing else.

Who asks is whoever gave the command, but a question may have come from elsewhere, and DuckDB reads, writes and
downloads whatever a statement names unless it is told not to. So it is told not to open any file: pyarrow reads those
of the history and hands it the columns that it asks for. No extension is loaded, and its settings are locked. It needs
the extra ``sql``.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from speedscore.history.asking.answers import Answer
from speedscore.history.errors import QuestionError
from speedscore.history.figures.tables import TABLES
from speedscore.history.store.datasets import PART, files_of
from speedscore.history.store.parts import Contents
from speedscore.history.store.storage import Place

_COUNTED_AT_ONCE = 10_000
"""Rows that are not shown are counted without being kept."""


def open_database(
    saved: Mapping[str, pa.Table], *, history: tuple[Place, Contents] | None = None
) -> duckdb.DuckDBPyConnection:
    """A database with each of ``TABLES``: the rows of ``saved``, by table, and those of a history.

    A history is read when a question is asked, so both belong into ``datasets.read_or_refuse``.
    """
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            # A name that is no table is not looked for among the variables of this program.
            "python_enable_replacements": False,
            # An answer that does not fit into the memory is an error, and no file.
            "temp_directory": "",
        }
    )
    for name in TABLES:
        _register(connection, name, saved[name], history)
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def ask(connection: duckdb.DuckDBPyConnection, question: str, *, most_rows: int | None = None) -> Answer:
    """The answer to one SELECT, with its first rows where ``most_rows`` says how many. Raises QuestionError."""
    try:
        statements = connection.extract_statements(question)
        if len(statements) != 1:
            raise QuestionError(f"expected one SELECT, found {len(statements)} statements; ask one thing at a time")
        # WITH, FROM, VALUES, DESCRIBE, SHOW and SUMMARIZE are SELECTs to DuckDB.
        if statements[0].type not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
            raise QuestionError(f"expected a SELECT, found {statements[0].type.name}; nothing else is answered")
        return _fetched(connection.execute(statements[0]), most_rows=most_rows)
    except duckdb.Error as error:
        raise QuestionError(_in_one_line(error)) from None
    except RuntimeError as error:
        # So DuckDB says that Ctrl-C ended it.
        if "interrupted" in str(error).lower():
            raise KeyboardInterrupt from None
        raise


def _register(
    connection: duckdb.DuckDBPyConnection, name: str, saved: pa.Table, history: tuple[Place, Contents] | None
) -> None:
    if history is None or not history[1].parts:
        connection.register(name, saved)
        return
    kept, once = files_of(*history, name)
    if once is None:
        connection.register(name, ds.dataset([kept, ds.InMemoryDataset(saved)]) if saved.num_rows else kept)
        return
    # As long as a run stands in two parts, which the next merge of them ends.
    of_no_part = ds.InMemoryDataset(saved.append_column(PART, pa.array([""] * saved.num_rows, pa.string())))
    connection.register(f"{name}_in_parts", ds.dataset([kept, of_no_part]).filter(once))
    connection.execute(f"CREATE TEMP VIEW {name} AS SELECT * EXCLUDE ({PART}) FROM {name}_in_parts")


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
