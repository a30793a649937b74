"""Saved runs as Arrow tables, typed as ``tables`` says, and by the folder of a history in which their rows belong.

It needs the extra ``sql`` and touches no file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
import pyarrow as pa

from speedscore.history.figures.kept_figures import FIGURES, SHARED, figure_blocks
from speedscore.history.figures.rows import Block, Blocks, Row, blocks_by_partition
from speedscore.history.figures.tables import PARTITION, TABLES, Column, ColumnType, Table
from speedscore.record.case_summary import summaries_of
from speedscore.record.content_id import content_id
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


def blocks_by_folder(run: RunRecord, run_id: str, *, host: str = "") -> Iterator[tuple[str, Blocks]]:
    """Folder of a machine and month, and table → its rows, without those of ``PARTITION``. Raises RunFileError."""
    summaries = summaries_of(run)
    found = blocks_by_partition(run, run_id, summaries)
    nodeids = ([block.shared["nodeid"] for block in blocks["cases"]] for _, blocks in found)
    figures_of_parts = figure_blocks(run, run_id, summaries, nodeids, host=host)
    for (partition, blocks), figures in zip(found, figures_of_parts, strict=True):
        yield "/".join(f"{column}={value}" for column, value in partition.items()), {**blocks, FIGURES.name: figures}


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
        self._columns: dict[tuple[str, str], _Columns] = {}
        self._rows_count = 0
        self._tables: dict[tuple[str, str], list[pa.Table]] = {}

    def add(self, run: RunRecord, run_id: str, *, host: str = "") -> None:
        """``host`` is as in ``SavedFile``.

        Raises RunFileError where the run, or a value of one that was added before, fits no column.
        """
        for folder, tables in list(blocks_by_folder(run, run_id, host=host)):
            for table, blocks in tables.items():
                if blocks:
                    key = (folder, table)
                    if key not in self._columns:
                        self._columns[key] = _Columns(KEPT[table].columns)
                    self._rows_count += self._columns[key].add(blocks)
        self.run_ids.append(run_id)
        if self._rows_count > _MOST_ROWS:
            self._convert()

    def tables(self) -> dict[tuple[str, str], pa.Table]:
        """Folder and table → its rows."""
        self._convert()
        return {key: pa.concat_tables(tables).unify_dictionaries() for key, tables in sorted(self._tables.items())}

    def _convert(self) -> None:
        for (folder, table), columns in self._columns.items():
            converted = columns.table(schema_of_kept(table))
            self._tables.setdefault((folder, table), []).append(converted)
            self.size_bytes += converted.nbytes
        self._columns.clear()
        self._rows_count = 0


def tables_of_runs(runs: Iterable[RunRecord]) -> dict[str, pa.Table]:
    """Table → the rows of all runs, with all columns; without rows where there is no run. Raises RunFileError."""
    gathered = {name: _Columns(table.all_columns) for name, table in TABLES.items()}
    for run in runs:
        for partition, tables in blocks_by_partition(run, content_id(run)):
            for name, blocks in tables.items():
                gathered[name].add(blocks, more=partition)
    return {name: gathered[name].table(schema_of(table.all_columns)) for name, table in TABLES.items()}


class _Columns:
    """Blocks of one table, column by column: what a block's rows share as one value, and what is their own as many."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._counts: list[int] = []
        """Of the rows of each block."""
        self._shared: dict[str, list[Any]] = {}
        """One value a block."""
        self._own: dict[str, list[Any]] = {}
        """One value a row."""
        self._in_order: Callable[[Row], tuple[Any, ...]] = tuple
        """The values of what a block's rows share, in the order of ``_shared``; every table has several of these."""

    def add(self, blocks: Sequence[Block], *, more: Mapping[str, Any] = {}) -> int:
        """How many rows they are; ``more`` is what all of them share besides."""
        if not blocks:
            return 0
        if not self._counts:
            self._own = {name: [] for name in blocks[0].own}
            self._shared = {column.name: [] for column in self._columns if column.name not in self._own}
            self._in_order = itemgetter(*(name for name in self._shared if name not in more))
        counts = [block.count for block in blocks]
        self._counts += counts
        for name, values in self._own.items():
            for block in blocks:
                values += block.own[name]
        # Row by row in C, for a long history has millions of values.
        columns = zip(*[self._in_order(block.shared) for block in blocks], strict=True)
        for name, values in self._shared.items():
            values += [more[name]] * len(blocks) if name in more else next(columns)
        return sum(counts)

    def table(self, schema: pa.Schema) -> pa.Table:
        """Raises RunFileError where a value fits no column."""
        places = np.repeat(np.arange(len(self._counts)), self._counts) if self._own else None
        return pa.Table.from_arrays([self._array(column, schema, places) for column in self._columns], schema=schema)

    def _array(self, column: Column, schema: pa.Schema, places: Any) -> pa.Array:
        own = self._own.get(column.name)
        array = _array(column, self._shared.get(column.name, []) if own is None else own)
        if pa.types.is_dictionary(kept := schema.field(column.name).type):
            array = array.dictionary_encode().cast(kept)
        return array if own is not None or places is None else array.take(pa.array(places))


def _array(column: Column, values: Sequence[Any]) -> pa.Array:
    try:
        kind = _TYPES[column.type]
        return _map_array(values, kind) if pa.types.is_map(kind) else pa.array(values, kind)
    except (pa.ArrowException, OverflowError, UnicodeError) as error:
        raise RunFileError(f"column {column.name}: a value is no {column.type} ({error})") from None


def _map_array(maps: Sequence[Mapping[str, str | None]], kind: pa.MapType) -> pa.Array:
    """Not by pyarrow's own conversion, which wants pairs and takes them one by one."""
    names: list[str] = []
    values: list[str | None] = []
    offsets = [0]
    for each in maps:
        names += each
        values += each.values()
        offsets.append(len(names))
    keys, items = pa.array(names, kind.key_type), pa.array(values, kind.item_type)
    return pa.MapArray.from_arrays(pa.array(offsets, pa.int32()), keys, items, type=kind)
