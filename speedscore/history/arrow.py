"""Saved runs as Arrow tables, typed as ``tables`` says, and by the folder of a history in which their rows belong.

It needs the extra ``sql`` and touches no file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from speedscore.history.kept_figures import FIGURES, SHARED, figure_rows
from speedscore.history.rows import Row, rows_by_partition
from speedscore.history.tables import PARTITION, TABLES, Column, ColumnType, Table
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


_SHARED = pa.dictionary(pa.int32(), pa.string())
_MOST_ROWS = 50_000
"""That are gathered before they are converted: some tens of megabytes."""


def schema_of(columns: Iterable[Column]) -> pa.Schema:
    """Names and types."""
    return pa.schema([(column.name, _TYPES[column.type]) for column in columns])


KEPT: dict[str, Table] = {**TABLES, FIGURES.name: FIGURES}
"""The tables of a history, in files: those that SQL asks, and one for comparing."""


def schema_of_kept(table: str) -> pa.Schema:
    """Of a file, and of what is read from it."""
    fields = schema_of(KEPT[table].columns)
    if table != FIGURES.name:
        return fields
    return pa.schema([field.with_type(_SHARED) if field.name in SHARED else field for field in fields])


def rows_by_folder(run: RunRecord, run_id: str) -> Iterator[tuple[str, dict[str, list[Row]]]]:
    """Folder of a machine and month, and table → its rows, without those of ``PARTITION``. Raises RunFileError."""
    figures = figure_rows(run, run_id)
    for partition, rows in rows_by_partition(run):
        own = [figures[row["nodeid"]] for row in rows["cases"]]
        yield "/".join(f"{column}={value}" for column, value in partition.items()), {**rows, FIGURES.name: own}


def partition_of_folder(folder: str) -> dict[str, str]:
    """The columns of ``PARTITION`` that the name of a folder stands for."""
    names = [column.name for column in PARTITION]
    return dict(zip(names, (step.partition("=")[2] for step in folder.split("/")), strict=True))


class Gathered:
    """Rows of many runs on their way into files, in Arrow's form, which takes a tenth of Python's memory."""

    def __init__(self) -> None:
        self.run_ids: list[str] = []
        self.size_bytes = 0
        """Of what is in Arrow's form; the rest is bounded."""
        self._rows: dict[tuple[str, str], list[Row]] = {}
        self._rows_count = 0
        self._tables: dict[tuple[str, str], list[pa.Table]] = {}

    def add(self, run: RunRecord, run_id: str) -> None:
        """Raises RunFileError where a value fits no column; then the run is not in it."""
        for folder, rows in rows_by_folder(run, run_id):
            for table, own in rows.items():
                if own:
                    self._rows.setdefault((folder, table), []).extend(own)
                    self._rows_count += len(own)
        self.run_ids.append(run_id)
        if self._rows_count > _MOST_ROWS:
            self._convert()

    def tables(self) -> dict[tuple[str, str], pa.Table]:
        """Folder and table → its rows."""
        self._convert()
        return {key: pa.concat_tables(tables).unify_dictionaries() for key, tables in sorted(self._tables.items())}

    def _convert(self) -> None:
        for (folder, table), rows in self._rows.items():
            converted = _filled(KEPT[table].columns, rows).cast(schema_of_kept(table))
            self._tables.setdefault((folder, table), []).append(converted)
            self.size_bytes += converted.nbytes
        self._rows.clear()
        self._rows_count = 0


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
