"""Rows of a history's table into one file, a batch after the other, so that memory does not grow with them.

The file stands there complete or not at all. It needs the extra ``sql`` and changes no history.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import reduce
from operator import and_
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from speedscore.history.asking.answers import csv_value, json_value
from speedscore.history.asking.choosing import chosen_cases
from speedscore.history.errors import HistoryError
from speedscore.history.figures.arrow import partition_of_folder, schema_of
from speedscore.history.figures.tables import TABLES
from speedscore.history.store.datasets import among, dataset_of, read_whole
from speedscore.history.store.parts import Contents
from speedscore.history.store.storage import Folder, Place
from speedscore.text.suggestions import did_you_mean

_NAME = "machine"
"""A column."""
_ROWS_AT_ONCE = 1 << 14
_ROW_GROUP_ROWS = 1 << 17


class Rows(msgspec.Struct, frozen=True):
    """Which rows are wanted."""

    table: str
    cases: tuple[str, ...] = ()
    """See ``choosing``; none are all."""
    machine: str = ""
    """The beginning of a machine_id, or a machine's name in a fleet."""
    since: datetime | None = None
    """UTC, without its zone; of the run."""
    before: datetime | None = None


def export_rows(place: Place, rows: Rows, path: Path, *, form: str) -> int:
    """Write them, and return how many they are. Raises HistoryError."""
    try:
        return read_whole(place, lambda contents: _export(place, contents, rows, path, form=form))
    except (OSError, pa.ArrowException) as error:
        raise HistoryError(f"{path}: not written ({error}); what stood there before is untouched") from None


def _export(place: Place, contents: Contents, rows: Rows, path: Path, *, form: str) -> int:
    schema = schema_of(TABLES[rows.table].all_columns)
    wanted = _filter(place, contents, rows)
    dataset = dataset_of(place, contents, rows.table)
    batches = dataset.scanner(
        columns=schema.names, filter=wanted, batch_size=_ROWS_AT_ONCE, batch_readahead=2, fragment_readahead=1
    ).to_batches()
    with Folder(path.parent, str(path.parent)).writing(path.name) as handle:
        return _WRITERS[form](handle, schema, batches)


def _filter(place: Place, contents: Contents, rows: Rows) -> ds.Expression | None:
    """What the rows must be; None where all are wanted."""
    conditions = []
    if rows.machine:
        conditions.append(_of_machine(place, contents, rows))
    if rows.cases:
        conditions.append(among("nodeid", _cases(place, contents, rows)))
    if rows.since or rows.before:
        months = _months(rows)
        conditions += [months, among("run_id", _runs(place, contents, rows, months))]
    return reduce(and_, conditions) if conditions else None


def _of_machine(place: Place, contents: Contents, rows: Rows) -> ds.Expression:
    """Raises HistoryError where there is no such machine, or where its rows cannot be told by its name."""
    folders = {folder for part in contents.parts for folder in part.mark.files}
    known = {partition_of_folder(folder)["machine_id"] for folder in folders}
    if any(machine_id.startswith(rows.machine) for machine_id in known):
        return pc.starts_with(ds.field("machine_id"), rows.machine)
    names = _machine_names(place, contents)
    if rows.machine not in names:
        there = f"among {', '.join(sorted(known | names))}" if known else "there"
        raise HistoryError(f"no machine {rows.machine!r} {there}{did_you_mean(rows.machine, known | names)}")
    if _NAME not in {column.name for column in TABLES[rows.table].columns}:
        named = ", ".join(name for name, table in TABLES.items() if _NAME in {column.name for column in table.columns})
        raise HistoryError(
            f"rows of {rows.table} do not name the machine of a fleet, as {rows.machine!r} is; name a machine_id, or a "
            f"--table of {named}"
        )
    return ds.field(_NAME) == rows.machine


def _machine_names(place: Place, contents: Contents) -> set[str]:
    """Of machines of fleets."""
    names: set[str] = set()
    for batch in dataset_of(place, contents, "machines").to_batches(columns=[_NAME]):
        names.update(name for name in batch.column(_NAME).unique().to_pylist() if name)
    return names


def _months(rows: Rows) -> ds.Expression:
    """The months in which a day lies that is wanted: what is of others need not be opened."""
    bounds = []
    if rows.since:
        bounds.append(ds.field("month") >= f"{rows.since:%Y-%m}")
    if rows.before:
        bounds.append(ds.field("month") <= f"{rows.before - timedelta.resolution:%Y-%m}")
    return reduce(and_, bounds)


def _cases(place: Place, contents: Contents, rows: Rows) -> list[str]:
    if "nodeid" not in {column.name for column in TABLES[rows.table].columns}:
        raise HistoryError(f"a row of {rows.table} belongs to no case; name no CASE, or another --table")
    known: set[str] = set()
    for batch in dataset_of(place, contents, rows.table).to_batches(columns=["nodeid"]):
        known.update(batch.column("nodeid").unique().to_pylist())
    return chosen_cases(rows.cases, known)


def _runs(place: Place, contents: Contents, rows: Rows, months: ds.Expression) -> list[str]:
    found = []
    dataset = dataset_of(place, contents, "runs")
    for batch in dataset.to_batches(columns=["run_id", "created_utc"], filter=months):
        for run_id, created in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            if (rows.since is None or rows.since <= created) and (rows.before is None or created < rows.before):
                found.append(run_id)
    return found


def _as_parquet(handle: BinaryIO, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    count = 0
    with pq.ParquetWriter(handle, schema, compression="zstd") as writer:
        gathered: list[pa.RecordBatch] = []
        for batch in batches:
            gathered.append(batch)
            count += batch.num_rows
            if sum(each.num_rows for each in gathered) >= _ROW_GROUP_ROWS:
                writer.write_table(pa.Table.from_batches(gathered, schema))
                gathered = []
        writer.write_table(pa.Table.from_batches(gathered, schema))
    return count


def _as_csv(handle: BinaryIO, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    count = 0
    text = io.TextIOWrapper(handle, encoding="utf-8", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(schema.names)
    for row in _rows(batches):
        writer.writerow(map(csv_value, row.values()))
        count += 1
    # The file is closed by whoever opened it.
    text.detach()
    return count


def _as_json(handle: BinaryIO, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:  # noqa: ARG001
    """A list of objects, a row each."""
    count = 0
    for row in _rows(batches):
        values = {name: json_value(value) for name, value in row.items()}
        handle.write(b",\n" if count else b"[\n")
        handle.write(json.dumps(values, allow_nan=False, ensure_ascii=False).encode())
        count += 1
    handle.write(b"\n]\n" if count else b"[]\n")
    return count


_WRITERS: dict[str, Callable[[BinaryIO, pa.Schema, Iterable[pa.RecordBatch]], int]] = {
    ".parquet": _as_parquet,
    ".csv": _as_csv,
    ".json": _as_json,
}


def _rows(batches: Iterable[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    for batch in batches:
        maps = [field.name for field in batch.schema if pa.types.is_map(field.type)]
        for row in batch.to_pylist():
            yield row | {name: dict(row[name]) for name in maps if row[name] is not None}
