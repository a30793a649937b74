"""How a history lies on the disk, and which of its parts count. It reads names and marks, and no table.

Below the folder stands ``machine_id=…/month=…/part=…/``, with a Parquet file for each table: the form that Hive gave
its name to, which DuckDB, pandas, Polars and Spark read as it stands. A part holds one run, and is called by its
identity, or many that were merged, and then says which. A part of one run that a merged part holds too does not count:
whoever merged had not yet removed it. So a reader sees each run once, whenever a writer is killed.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import msgspec

from speedscore.history.errors import HistoryError
from speedscore.history.tables import PARTITION

FORM_VERSION = 1
"""Raised when a column changes its meaning or goes, or the folders change."""
MARK = "speedscore-history.json"
_MERGED = "merged.json"
_LOCK = "speedscore-history.lock"
REMEDY = "make it again from the saved runs, into a new folder: speedscore history add RUN… --to FOLDER"


class Mark(msgspec.Struct, frozen=True):
    """What stands in the file that marks a folder as a history; a later release may write more into it."""

    form_version: int = FORM_VERSION


class _Merged(msgspec.Struct, frozen=True):
    """What stands in a merged part."""

    run_ids: frozenset[str]


class Parts(msgspec.Struct, frozen=True):
    """Of one machine and month."""

    counting: tuple[Path, ...]
    superseded: tuple[Path, ...]
    """Those of runs that a merged part holds too."""
    run_ids: frozenset[str]

    @property
    def single(self) -> tuple[Path, ...]:
        """Counting parts of one run."""
        return tuple(part for part in self.counting if not (part / _MERGED).is_file())


def is_history(folder: Path) -> bool:
    """False also for what can be no path, as a question that stands where a folder belongs."""
    try:
        return (folder / MARK).is_file()
    except OSError:
        return False


def check_form(folder: Path) -> None:
    """Raises HistoryError for a history that another release made and this one does not read."""
    try:
        found = msgspec.json.decode((folder / MARK).read_bytes(), type=dict).get("form_version")
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HistoryError(f"{folder}: {MARK} cannot be read ({error}); {REMEDY}") from None
    if found != FORM_VERSION:
        raise HistoryError(f"{folder}: expected a history of form {FORM_VERSION}, found {found}; {REMEDY}")


def part_of_run(partition: Path, run_id: str) -> Path:
    """Where a run stands by itself."""
    return partition / f"part={run_id}"


def write_merged(part: Path, run_ids: frozenset[str]) -> None:
    """Say that the part holds those runs."""
    (part / _MERGED).write_bytes(msgspec.json.encode(_Merged(run_ids), order="deterministic"))


def parts_of(partition: Path) -> Parts:
    """What stands in the folder of a machine and month. Raises HistoryError for a part whose mark is damaged."""
    every = sorted(partition.glob("part=*"))
    merged = {part: run_ids for part in every if (run_ids := _merged(part)) is not None}
    in_merged = frozenset[str]().union(*merged.values())
    if len(in_merged) < sum(map(len, merged.values())):
        raise HistoryError(
            f"{partition}: a run stands in two merged parts, as if two histories were copied together; {REMEDY}"
        )
    single = {part: part.name.partition("=")[2] for part in every if part not in merged}
    superseded = tuple(part for part, run_id in single.items() if run_id in in_merged)
    counting = (*merged, *(part for part in single if part not in superseded))
    return Parts(counting, superseded, in_merged | frozenset(single.values()))


def all_parts(history: Path) -> list[Path]:
    """Every part that counts, of all machines and months. Raises HistoryError."""
    pattern = "/".join(f"{column.name}=*" for column in PARTITION)
    return [part for partition in sorted(history.glob(pattern)) for part in parts_of(partition).counting]


@contextmanager
def reading(history: Path) -> Iterator[None]:
    """While it is open no part is merged and removed."""
    with ExitStack() as opened:
        # Where there is no lock nobody has merged yet, or the history was copied; where it fails nobody else has it.
        with suppress(OSError):
            fcntl.flock(opened.enter_context((history / _LOCK).open("rb")), fcntl.LOCK_SH)
        yield


@contextmanager
def alone(history: Path) -> Iterator[bool]:
    """True where nobody else reads or merges until it is closed; False, at once, where somebody does."""
    with (history / _LOCK).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True


def _merged(part: Path) -> frozenset[str] | None:
    """The runs of a merged part; None for a part of one run."""
    try:
        return msgspec.json.decode((part / _MERGED).read_bytes(), type=_Merged).run_ids
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HistoryError(f"{part / _MERGED}: cannot be read ({error}); {REMEDY}") from None
