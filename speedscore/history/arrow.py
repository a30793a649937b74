"""Saved runs as Arrow tables, typed as ``tables`` says. It needs the extra ``sql`` and touches no file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from speedscore.history.rows import Row, rows_by_partition, rows_of
from speedscore.history.tables import TABLES, Column, ColumnType
from speedscore.record.run_file import RunFileError
from speedscore.record.run_record import RunRecord

_TYPES: dict[ColumnType, pa.DataType] = {
    "VARCHAR": pa.string(),
    "BOOLEAN": pa.bool_(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "TIMESTAMP": pa.timestamp("us"),
    "DOUBLE[]": pa.list_(pa.float64()),
    "MAP(VARCHAR, VARCHAR)": pa.map_(pa.string(), pa.string()),
}


def schema_of(columns: Iterable[Column]) -> pa.Schema:
    """Names and types."""
    return pa.schema([(column.name, _TYPES[column.type]) for column in columns])


def tables_of_run(run: RunRecord) -> dict[str, pa.Table]:
    """Table → the run's rows without the columns of ``PARTITION``, as they stand in the files of a history.

    Raises RunFileError where a value fits no column, as a count beyond 64 bits.
    """
    rows = rows_of(run)
    return {name: _filled(table.columns, rows[name]) for name, table in TABLES.items()}


def tables_of_runs(runs: Iterable[RunRecord]) -> dict[str, pa.Table]:
    """Table → the rows of all runs, with all columns; without rows where there is no run. Raises RunFileError."""
    rows: dict[str, list[Row]] = {name: [] for name in TABLES}
    for run in runs:
        for partition, tables in rows_by_partition(run):
            for name, own in tables.items():
                rows[name] += [partition | row for row in own]
    return {name: _filled(table.all_columns, rows[name]) for name, table in TABLES.items()}


def _filled(columns: Sequence[Column], rows: Sequence[Row]) -> pa.Table:
    arrays = [_array(column, [row.get(column.name) for row in rows]) for column in columns]
    return pa.Table.from_arrays(arrays, schema=schema_of(columns))


def _array(column: Column, values: list[Any]) -> pa.Array:
    try:
        return pa.array(values, _TYPES[column.type])
    except (pa.ArrowException, OverflowError, UnicodeError) as error:
        raise RunFileError(f"column {column.name}: a value is no {column.type} ({error})") from None
