"""The runs of a history as comparing sees them, a few cases at a time, so that memory holds no more than these.

It needs the extra ``sql``, and judges nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from speedscore.comparing.fields import differences, refused
from speedscore.comparing.history import MOST_RUNS
from speedscore.comparing.saved_run import SavedRun
from speedscore.history.figures.arrow import partition_of_folder
from speedscore.history.figures.kept_figures import FIGURES, READ, fields_of, machines_of, measured_cases, saved_runs
from speedscore.history.figures.series import Measured
from speedscore.history.store.datasets import among, dataset_of, read_or_refuse
from speedscore.history.store.parts import Contents, open_history
from speedscore.history.store.storage import Place
from speedscore.host.fields import Scalar

_MOST_ROWS = 20_000
"""Cases of runs that are in memory together, unless one case has more."""
_OF_RUNS = ("run_id", "run_fields", "run", "created_utc")


def case_counts(place: Place, contents: Contents) -> dict[str, int]:
    """Node id → in how many runs it stands."""
    counts: dict[str, int] = {}
    for batch in dataset_of(place, contents, FIGURES.name).to_batches(columns=["nodeid"]):
        for each in batch.column("nodeid").value_counts().to_pylist():
            counts[each["values"]] = counts.get(each["values"], 0) + each["counts"]
    return counts


def in_batches(counts: dict[str, int], cases: Sequence[str]) -> Iterator[list[str]]:
    """The cases, as many at a time as fit into memory."""
    batch: list[str] = []
    rows = 0
    for case in cases:
        if batch and rows + counts[case] > _MOST_ROWS:
            yield batch
            batch, rows = [], 0
        batch.append(case)
        rows += counts[case]
    if batch:
        yield batch


def measured_with(place: Place, contents: Contents, cases: Collection[str]) -> list[Measured]:
    """These cases of every run that has figures of them, those of the oldest run first."""
    dataset = dataset_of(place, contents, FIGURES.name)
    return measured_cases(_rows(dataset, READ, among("nodeid", cases)))


def earlier_runs(
    argument: str, *, like: SavedRun, cases: Collection[str], allow: Collection[str]
) -> tuple[SavedRun, ...]:
    """The newest runs of a history that can be compared with a run, with these cases. Raises HistoryError."""
    place = open_history(argument)
    comparable = _Comparable(like, allow)

    def read(contents: Contents) -> tuple[SavedRun, ...]:
        created: dict[str, datetime] = {}
        seen: set[str] = set()
        read_folders: set[str] = set()
        # What is of a month is older than all that is of a later one.
        for folders in _by_month(contents):
            read_folders |= folders
            dataset = dataset_of(place, contents, FIGURES.name, folders=folders)
            for run_id, run_fields, run, created_utc in _rows(dataset, _OF_RUNS, among("nodeid", cases)):
                # All rows of a run say the same of it.
                if run_id not in seen:
                    seen.add(run_id)
                    if comparable.has(run_fields, run):
                        created[run_id] = created_utc
            if len(created) >= MOST_RUNS:
                break
        newest = sorted(created, key=lambda run_id: created[run_id])[-MOST_RUNS:]
        wanted = among("nodeid", cases) & among("run_id", newest)
        return saved_runs(_rows(dataset_of(place, contents, FIGURES.name, folders=read_folders), READ, wanted))

    return read_or_refuse(place, read)


def _by_month(contents: Contents) -> list[set[str]]:
    """Folders that hold figures, those of one month together, the newest month first."""
    months: dict[str, set[str]] = {}
    for part in contents.parts:
        for folder, tables in part.mark.files.items():
            if FIGURES.name in tables:
                months.setdefault(partition_of_folder(folder)["month"], set()).add(folder)
    return [months[month] for month in sorted(months, reverse=True)]


class _Comparable:
    """Which runs have a machine that may be compared with one of a run."""

    def __init__(self, like: SavedRun, allow: Collection[str]) -> None:
        self._like = (like.fields, *like.machines.values())
        self._allow = allow
        self._known: dict[str, bool] = {}

    def has(self, run_fields: str, run: str) -> bool:
        """Of a run as the table ``figures`` has it."""
        if run_fields not in self._known:
            self._known[run_fields] = self._is(fields_of(run_fields))
        return self._known[run_fields] or any(map(self._is, machines_of(run)))

    def _is(self, fields: Mapping[str, Scalar]) -> bool:
        return any(not refused(differences(like, fields), self._allow) for like in self._like)


def _rows(dataset: ds.Dataset, columns: Sequence[str], wanted: ds.Expression) -> Iterator[Any]:
    """Rows of the columns; texts that rows share in a batch are one object."""
    for batch in dataset.to_batches(columns=list(columns), filter=wanted):
        yield from zip(*map(_values, batch.columns), strict=True)


def _values(column: pa.Array) -> list[Any]:
    if not pa.types.is_dictionary(column.type):
        return list(column.to_pylist())
    values = column.dictionary.to_pylist()
    return [values[place] for place in column.indices.to_pylist()]
