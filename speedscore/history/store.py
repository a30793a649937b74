"""A history: a folder of Parquet files that any number of saved runs are added to, by machine and month.

Below the folder stands ``machine_id=…/month=…/run_id=…/``, with a file for each table: the form that Hive gave its name
to and that DuckDB, pyarrow, pandas and Spark read as it stands. A run is written beside and put in its place in one
step, so that writers need not wait for each other, a reader sees a run whole or not at all, and a run that is added
twice counts once. Nothing is ever changed or removed; the saved runs stay the record, and a history can be made again.
"""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from speedscore.history.arrow import tables_of_run
from speedscore.history.errors import HistoryError
from speedscore.history.rows import partition_of
from speedscore.history.tables import PARTITION
from speedscore.record.run_record import RunRecord

FORM_VERSION = 1
"""Raised when a column changes its meaning or goes, or the folders change."""
_MARK = "speedscore-history.json"
RUNS_BELOW = "/".join(f"{column.name}=*" for column in PARTITION)
"""A pattern of the folders of runs, below that of the history."""


_REMEDY = "make it again from the saved runs, into a new folder: speedscore history add RUN… --to FOLDER"


class _Mark(msgspec.Struct, frozen=True):
    """What stands in the file that marks a folder as a history; a later release may write more into it."""

    form_version: int


def is_history(folder: Path) -> bool:
    return (folder / _MARK).is_file()


def check_form(folder: Path) -> None:
    """Raises HistoryError for a history that another release made and this one does not read."""
    try:
        found = msgspec.json.decode((folder / _MARK).read_bytes(), type=_Mark).form_version
    except (OSError, msgspec.DecodeError) as error:
        raise HistoryError(f"{folder}: {_MARK} cannot be read ({error}); {_REMEDY}") from None
    if found != FORM_VERSION:
        raise HistoryError(f"{folder}: expected a history of form {FORM_VERSION}, found {found}; {_REMEDY}")


def contains(folder: Path, run: RunRecord) -> bool:
    """Whether the history in the folder holds the run."""
    return _place(folder, run).is_dir()


def add_run(folder: Path, run: RunRecord) -> bool:
    """Add the run to the history in the folder, which is made where there is none. False where it was there already.

    Raises HistoryError where the folder is another release's or cannot be written, and RunFileError for a run that does
    not say when it was made.
    """
    place = _place(folder, run)
    if is_history(folder):
        check_form(folder)
    if place.is_dir():
        return False
    tables = tables_of_run(run)
    # Hidden, and not below a machine, so that nobody takes it for a run.
    beside = folder / f".adding-{os.getpid()}-{secrets.token_hex(8)}"
    try:
        beside.mkdir(parents=True)
        if not is_history(folder):
            _mark(folder, beside)
        for name, table in tables.items():
            _write(beside / f"{name}.parquet", table)
        place.parent.mkdir(parents=True, exist_ok=True)
        return _put(beside, place)
    except OSError as error:
        raise HistoryError(
            f"{folder}: the run was not added ({error.strerror}); what stood there is untouched"
        ) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _mark(folder: Path, beside: Path) -> None:
    """Say what the folder is; several may say so at once, for it is the same."""
    mark = beside / _MARK
    mark.write_bytes(msgspec.json.encode(_Mark(FORM_VERSION)))
    mark.replace(folder / _MARK)


def _place(folder: Path, run: RunRecord) -> Path:
    return folder.joinpath(*(f"{column}={value}" for column, value in partition_of(run).items()))


def _write(path: Path, table: pa.Table) -> None:
    with path.open("wb") as handle:
        pq.write_table(table, handle, compression="zstd")
        handle.flush()
        os.fsync(handle.fileno())


def _put(beside: Path, place: Path) -> bool:
    """Rename a folder that is complete; False where another writer was first, whose content is the same."""
    try:
        beside.rename(place)
    except OSError:
        if not place.is_dir():
            raise
        return False
    return True
