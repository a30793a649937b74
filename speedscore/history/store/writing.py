"""Adding saved runs to a history, and merging what was added into fewer and larger parts.

Adding writes new files and never changes one, so that any number of writers need not know of each other: a run that is
added twice counts once, and one whose writer was killed is not there and can be added again. Merging writes the merged
part first and removes what it replaces afterwards, so it may be killed at any place, and two that merge the same lose
nothing (``parts`` says why). The saved runs stay the record, and a history can be made again. It needs the extra
``sql``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from speedscore.comparing.reading_runs import RunFile
from speedscore.history.errors import HistoryError
from speedscore.history.figures.arrow import Gathered, schema_of_kept
from speedscore.history.figures.kept_figures import FIGURES, ORDER, ROW_GROUP_ROWS
from speedscore.history.store.datasets import dataset_of, reading
from speedscore.history.store.parts import (
    OUT_OF_REACH,
    REMEDY,
    Contents,
    Part,
    PartMark,
    contents_of,
    has_form,
    is_old,
    mark_place,
    name_of,
    new_id,
    part_id_of,
    remove_marks,
    sorted_out,
    write_mark,
)
from speedscore.history.store.storage import Place
from speedscore.record.content_id import content_id
from speedscore.record.run_record import RunRecord

MERGED_AT_ONCE = 32
"""Parts of a like number of runs, from which they are merged; of so many runs and more is the next size."""
PART_BYTES = 128 << 20
"""Of rows in memory, of all writers of a command together, from which a part is written while more runs are coming."""
_NOT_WRITTEN = "see that it is there and may be written, and add them again"
_ROW_GROUP_ROWS = 1 << 17
_ROW_GROUP_BYTES = 16 << 20
"""In memory, of what is merged."""
_ROWS_AT_ONCE = 1 << 12


class Added(msgspec.Struct, frozen=True):
    """How many runs."""

    added: int
    there: int
    """Already."""


class Written(msgspec.Struct, frozen=True):
    """Ids of runs, as they came."""

    added: list[str]
    there: list[str]
    """Already; a run that came twice is among them once more."""


def add_runs(place: Place, runs: Iterable[RunRecord]) -> Added:
    """Add the runs to the history in a folder or a store, which is made with the first run where there is none.

    Raises HistoryError where the place is another release's history, holds something else or cannot be written, and
    RunFileError for a run that does not say when it was made. What was written before stays there.
    """
    written = write_runs(place, (RunFile(Path(), run, content_id(run)) for run in runs))
    if written.added:
        merge(place)
    return Added(len(written.added), len(written.there))


def write_runs(place: Place, files: Iterable[RunFile], *, writers: int = 1) -> Written:
    """The same of runs from files, as one of so many writers, who share the memory. It does not merge."""
    _check(place)
    known = set(contents_of(place).run_ids)
    written = Written([], [])
    gathered = Gathered()
    for file in files:
        if file.id in known:
            written.there.append(file.id)
            continue
        gathered.add(file.record, file.id, host=file.host)
        known.add(file.id)
        written.added.append(file.id)
        if gathered.size_bytes > PART_BYTES // writers:
            _write(place, gathered)
            gathered = Gathered()
    if gathered.run_ids:
        _write(place, gathered)
    return written


def _check(place: Place) -> None:
    """A folder of saved runs that became a history would no longer be read for its runs."""
    if has_form(place):
        return
    try:
        found = sorted(name.split("/")[0] for name in place.names() if not name.startswith("."))
    except OSError as error:
        raise HistoryError(f"{place.text}: cannot be read ({error}); {OUT_OF_REACH}") from None
    # Looked at after the folder, for a history is marked before anything is put into it.
    if found and not has_form(place):
        raise HistoryError(f"{place.text}: expected a history, or a new or an empty folder, found {found[0]} in it")


def _write(place: Place, gathered: Gathered) -> None:
    tables = gathered.tables()
    try:
        if not has_form(place):
            mark_place(place)
        _write_part(place, gathered.run_ids, tables)
    except OSError as error:
        runs = f"{len(gathered.run_ids)} run{'s' * (len(gathered.run_ids) != 1)}"
        raise HistoryError(f"{place.text}: {runs} could not be added ({error}); {_NOT_WRITTEN}") from None


def _write_part(place: Place, run_ids: Iterable[str], tables: Mapping[tuple[str, str], pa.Table]) -> None:
    part = _part(run_ids, tables)
    try:
        for (folder, name), table in tables.items():
            with place.writing(name_of(part.id, folder=folder, table=name)) as handle:
                pq.write_table(_in_order(table, name), handle, compression="zstd", row_group_size=_group_rows(name))
    except BaseException:
        # No mark names them, and nobody else ever will.
        _remove(place, part.names)
        raise
    _commit(place, part)


def _part(run_ids: Iterable[str], files: Iterable[tuple[str, str]], replaces: Iterable[str] = ()) -> Part:
    """A new one; ``files``: folder and table."""
    tables: dict[str, list[str]] = {}
    for folder, table in files:
        tables.setdefault(folder, []).append(table)
    mark = PartMark(
        run_ids=tuple(sorted(run_ids)),
        files={folder: tuple(of_folder) for folder, of_folder in tables.items()},
        replaces=tuple(sorted(replaces)),
    )
    return Part(new_id(), mark)


def _commit(place: Place, part: Part) -> None:
    """From here on the part counts. Where this fails it may count as well: its files stay."""
    if is_old(part.id):
        # As after a laptop slept; somebody may have taken the files for forgotten ones.
        raise OSError("it took more than a day to write them")
    write_mark(place, part)


def merge(place: Place) -> None:
    """Make one part of those of a like size, where there are many, until there are no more such.

    Raises HistoryError where that cannot be done; nothing is lost."""
    has_merged = False
    try:
        while sources := _to_merge(contents_of(place)):
            if not _merge_parts(place, sources):
                return
            has_merged = True
    except (OSError, pa.ArrowException) as error:
        # Not every damaged file is an ArrowException.
        remedy = f"a later add merges them; where that fails each time, {REMEDY}"
        raise HistoryError(
            f"{place.text}: the runs were added, but those there could not be merged ({error}); {remedy}"
        ) from None
    if has_merged:
        # What is left over counts nowhere, and the next merge looks for it again.
        with suppress(OSError, HistoryError):
            _tidy(place)


def _to_merge(contents: Contents) -> list[Part]:
    """The smallest parts first; none where there is nothing to do."""
    by_size: dict[int, list[Part]] = {}
    for part in (*contents.parts, *contents.unread):
        by_size.setdefault(_size(part), []).append(part)
    return next((by_size[size] for size in sorted(by_size) if len(by_size[size]) >= MERGED_AT_ONCE), [])


def _size(part: Part) -> int:
    """How often its number of runs can be divided by ``MERGED_AT_ONCE``."""
    size, runs = 0, len(part.mark.run_ids)
    while runs >= MERGED_AT_ONCE:
        size, runs = size + 1, runs // MERGED_AT_ONCE
    return size


def _merge_parts(place: Place, sources: Sequence[Part]) -> bool:
    """False where somebody else merged one of them meanwhile."""
    # Include runs that other parts hold too: those parts may be merging now.
    contents = sorted_out(sources)
    files = sorted(
        {(folder, table) for part in contents.parts for folder, tables in part.mark.files.items() for table in tables}
    )
    source_ids = {part.id for part in sources}
    merged = _part(contents.run_ids, files, replaces=source_ids)
    try:
        for folder, table in files:
            with reading(place):
                _write_merged(
                    place, contents, folder=folder, table=table, to=name_of(merged.id, folder=folder, table=table)
                )
    except BaseException as error:
        _remove(place, merged.names)
        if isinstance(error, OSError) and not source_ids <= contents_of(place).ids:
            return False
        raise
    now = contents_of(place)
    if not source_ids <= now.ids:
        _remove(place, merged.names)
        return False
    # Whose marks are still there, for the part that replaced them will not be.
    earlier = {part_id for source_id in source_ids for part_id in now.by_replacement.get(source_id, ())}
    earlier &= {part.id for part in now.replaced}
    mark = msgspec.structs.replace(merged.mark, replaces=tuple(sorted(source_ids | earlier)))
    _commit(place, msgspec.structs.replace(merged, mark=mark))
    _remove(place, [name for part in sources for name in part.names])
    return True


def _write_merged(place: Place, contents: Contents, *, folder: str, table: str, to: str) -> None:
    schema = schema_of_kept(table)
    dataset = dataset_of(place, contents, table, folders={folder})
    with place.writing(to) as handle, pq.ParquetWriter(handle, schema, compression="zstd") as writer:
        # One row group at a time, whatever the size of the parts.
        gathered: list[pa.RecordBatch] = []
        for batch in dataset.scanner(
            columns=schema.names, batch_size=_ROWS_AT_ONCE, batch_readahead=2, fragment_readahead=1
        ).to_batches():
            gathered.append(batch)
            if sum(each.nbytes for each in gathered) > _ROW_GROUP_BYTES:
                writer.write_table(_together(gathered, schema, table), row_group_size=_group_rows(table))
                gathered = []
        writer.write_table(_together(gathered, schema, table), row_group_size=_group_rows(table))


def _together(batches: Sequence[pa.RecordBatch], schema: pa.Schema, name: str) -> pa.Table:
    return _in_order(pa.Table.from_batches(batches, schema).unify_dictionaries(), name)


def _in_order(table: pa.Table, name: str) -> pa.Table:
    """Rows of a table as they stand in a file, those of a merge a piece at a time."""
    return table.sort_by(ORDER) if name == FIGURES.name else table


def _group_rows(name: str) -> int:
    return ROW_GROUP_ROWS if name == FIGURES.name else _ROW_GROUP_ROWS


def _tidy(place: Place) -> None:
    """Remove files of parts that count no more or never will, and marks of what was replaced more than a day ago."""
    files: dict[str, list[str]] = {}
    # Before the marks: what has one when they are listed is no forgotten file.
    for name in place.names():
        if part_id := part_id_of(name):
            files.setdefault(part_id, []).append(name)
    contents = contents_of(place)
    replaced = {part.id for part in contents.replaced}
    for part_id, of_part in files.items():
        if part_id in replaced or (part_id not in contents.ids and is_old(part_id)):
            _remove(place, of_part)
    for part_id, replaced_ids in contents.by_replacement.items():
        if is_old(part_id):
            remove_marks(place, replaced.intersection(replaced_ids))


def _remove(place: Place, names: Sequence[str]) -> None:
    """What cannot be removed now is left to ``_tidy``: it counts nowhere, and hides no error that led here."""
    with suppress(OSError):
        place.remove(names)
