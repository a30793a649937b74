"""A history: a folder of Parquet files that any number of saved runs are added to, by machine and month.

A run is written beside and put in its place in one step, so that writers need not wait for each other, a reader sees a
run whole or not at all, and a run that is added twice counts once. Once there are many, those of a month are merged
into one part, for a reader opens each file; where somebody reads, that waits for a later run. No row is ever changed;
the saved runs stay the record, and a history can be made again. It needs the extra ``sql``.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from speedscore.history.arrow import tables_of_run
from speedscore.history.errors import HistoryError
from speedscore.history.parts import (
    MARK,
    REMEDY,
    Mark,
    alone,
    check_form,
    is_history,
    part_of_run,
    parts_of,
    write_merged,
)
from speedscore.history.rows import partition_of
from speedscore.history.tables import TABLES
from speedscore.record.content_id import content_id
from speedscore.record.run_record import RunRecord

MERGED_AT_ONCE = 32
"""Parts of one run of a machine and month, from which they are merged."""


def contains(folder: Path, run: RunRecord) -> bool:
    """Whether the history in the folder holds the run."""
    return content_id(run) in parts_of(_partition(folder, run)).run_ids


def add_run(folder: Path, run: RunRecord) -> bool:
    """Add the run to the history in the folder, which is made where there is none. False where it was there already.

    Raises HistoryError where the folder is another release's, holds something else or cannot be written, and
    RunFileError for a run that does not say when it was made.
    """
    partition, run_id = _partition(folder, run), content_id(run)
    _check_folder(folder)
    if run_id in parts_of(partition).run_ids:
        return False
    tables = tables_of_run(run)
    try:
        with _beside(folder) as beside:
            _mark(folder, beside)
            for name, table in tables.items():
                _write(beside / f"{name}.parquet", table)
            is_new = _put(beside, part_of_run(partition, run_id))
    except OSError as error:
        raise HistoryError(
            f"{folder}: the run was not added ({error.strerror}); what stood there is untouched"
        ) from None
    try:
        _merge(folder, partition)
    except (OSError, pa.ArrowException) as error:
        raise HistoryError(
            f"{partition}: the run was added, but those there cannot be merged ({error}); {REMEDY}"
        ) from None
    return is_new


def _check_folder(folder: Path) -> None:
    """A folder of saved runs that became a history would no longer be read for its runs."""
    try:
        found = next((path.name for path in folder.iterdir() if not path.name.startswith(".")), None)
    except OSError:
        # Where there is none it is made, and what cannot be read is said when it cannot be written.
        return
    # Looked at after the folder, for a history is marked before anything is put into it.
    if is_history(folder):
        check_form(folder)
    elif found is not None:
        raise HistoryError(f"{folder}: expected a history, or a new or an empty folder, found {found} in it")


def _partition(folder: Path, run: RunRecord) -> Path:
    return folder.joinpath(*(f"{column}={value}" for column, value in partition_of(run).items()))


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A folder to write into, hidden and not below a machine, so that nobody takes it for a part; then it is gone."""
    beside = folder / f".adding-{os.getpid()}-{secrets.token_hex(8)}"
    try:
        beside.mkdir(parents=True)
        yield beside
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _mark(folder: Path, beside: Path) -> None:
    """Say what the folder is. Several may say so at once, for it is the same."""
    if not is_history(folder):
        mark = beside / MARK
        mark.write_bytes(msgspec.json.encode(Mark()))
        mark.replace(folder / MARK)


def _write(path: Path, table: pa.Table) -> None:
    with path.open("wb") as handle:
        pq.write_table(table, handle, compression="zstd")
        handle.flush()
        os.fsync(handle.fileno())


def _put(beside: Path, part: Path) -> bool:
    """Rename a folder that is complete; False where another writer was first, whose content is the same."""
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        beside.rename(part)
    except OSError:
        if not part.is_dir():
            raise
        return False
    return True


def _merge(folder: Path, partition: Path) -> None:
    """Make one part of those of one run, where there are many and nobody is in the way; remove what does not count."""
    if len(parts_of(partition).single) < MERGED_AT_ONCE:
        return
    with alone(folder) as is_alone:
        # Looked at anew: somebody else may just have done it.
        single = parts_of(partition).single
        if not is_alone or len(single) < MERGED_AT_ONCE:
            return
        run_ids = frozenset(part.name.partition("=")[2] for part in single)
        with _beside(folder) as beside:
            for name in TABLES:
                _write(beside / f"{name}.parquet", _read(single, name))
            write_merged(beside, run_ids)
            digest = hashlib.sha256("".join(sorted(run_ids)).encode()).hexdigest()[:16]
            _put(beside, partition / f"part=merged-{digest}")
        # From here on those parts do not count, also where removing them is broken off.
        for part in parts_of(partition).superseded:
            shutil.rmtree(part, ignore_errors=True)


def _read(parts: Sequence[Path], name: str) -> pa.Table:
    return pa.concat_tables([pq.read_table(part / f"{name}.parquet", partitioning=None) for part in parts])
