"""A table of a history as one dataset of pyarrow's, over the files of the parts that count, and reading that is told
of a merge that came between. It needs the extra ``sql`` and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.dataset as ds

from speedscore.history.errors import HistoryError, QuestionError
from speedscore.history.figures.arrow import partition_of_folder, schema_of, schema_of_kept
from speedscore.history.figures.tables import PARTITION
from speedscore.history.store.parts import OUT_OF_REACH, REMEDY, Contents, Part, contents_of, name_of
from speedscore.history.store.storage import Place

PART = "part"
"""A column that only datasets of overlapping parts have."""
Result = TypeVar("Result")


def files_of(
    place: Place, contents: Contents, table: str, *, folders: Collection[str] | None = None
) -> tuple[ds.Dataset, ds.Expression | None]:
    """The rows of a table with the columns of ``PARTITION``, and ``PART`` where a run stands in two of the parts; and
    then what is to be filtered by, for the run to be read once. Of all machines and months, or some.
    """
    filesystem, root = place.arrow()
    kept = schema_of_kept(table)
    shared = {field.name for field in kept if pa.types.is_dictionary(field.type)}
    form = ds.ParquetFileFormat(read_options=ds.ParquetReadOptions(dictionary_columns=shared))
    schema = pa.unify_schemas([schema_of(PARTITION), kept])
    if contents.elsewhere:
        schema = schema.append(pa.field(PART, pa.string()))
    fragments = [
        form.make_fragment(
            root + name_of(part.id, folder=folder, table=table), filesystem, partition_expression=_known(part, folder)
        )
        for part in contents.parts
        for folder, tables in part.mark.files.items()
        if table in tables and (folders is None or folder in folders)
    ]
    doubled: ds.Expression | None = None
    for part_id, run_ids in contents.elsewhere.items():
        of_part = (ds.field(PART) == part_id) & among("run_id", run_ids)
        doubled = of_part if doubled is None else doubled | of_part
    return ds.FileSystemDataset(fragments, schema, form, filesystem), None if doubled is None else ~doubled


def dataset_of(place: Place, contents: Contents, table: str, *, folders: Collection[str] | None = None) -> ds.Dataset:
    """The rows of a table, each run once."""
    dataset, once = files_of(place, contents, table, folders=folders)
    return dataset if once is None else dataset.filter(once)


def among(column: str, values: Iterable[str]) -> ds.Expression:
    """Whether the column has one of the values, which may be none."""
    return ds.field(column).isin(pa.array(sorted(values), pa.string()))


def read_whole(place: Place, read: Callable[[Contents], Result]) -> Result:
    """What ``read`` makes of the contents of a history. Where somebody merges meanwhile it begins again.

    Raises HistoryError where a file is missing, and what ``read`` raises.
    """
    while True:
        contents = contents_of(place)
        try:
            with reading(place):
                return read(contents)
        except (OSError, pa.ArrowException, QuestionError):
            if contents.ids <= contents_of(place).ids:
                _check_files(place, contents)
                raise


@contextmanager
def reading(place: Place) -> Iterator[None]:
    """Where pyarrow reads files of a place: what went wrong there is raised, whatever pyarrow and DuckDB made of it."""
    # What failed for an earlier reader is no failure of this one's.
    place.end_reads()
    try:
        yield
    except BaseException as error:
        # Whatever it is, Ctrl-C as well: no thread of pyarrow's may go on.
        failure = place.end_reads()
        if failure is not None and isinstance(error, OSError | pa.ArrowException | QuestionError):
            raise failure from None
        raise
    if failure := place.end_reads():
        raise failure


def read_or_refuse(place: Place, read: Callable[[Contents], Result]) -> Result:
    """The same for what reads nothing else and writes nothing: a file that cannot be read is a HistoryError as well."""
    try:
        return read_whole(place, read)
    except (OSError, pa.ArrowException) as error:
        # Not every damaged file is an ArrowException.
        remedy = f"{OUT_OF_REACH}; where that fails each time, {REMEDY}"
        raise HistoryError(f"{place.text}: cannot be read ({' '.join(str(error).split())}); {remedy}") from None


def _known(part: Part, folder: str) -> ds.Expression:
    """What is the same in all rows of a file, and does not stand in it."""
    known: Any = ds.field(PART) == part.id
    for column, value in partition_of_folder(folder).items():
        known = known & (ds.field(column) == value)
    return known


def _check_files(place: Place, contents: Contents) -> None:
    """Raises HistoryError where one is missing that should be there."""
    there = set(place.names())
    for part in contents.parts:
        for name in part.names:
            if name not in there:
                raise HistoryError(f"{place.text}: {name}: missing from the history; {REMEDY}")
