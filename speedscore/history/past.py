"""The runs of a history as comparing sees them, a few cases at a time, so that memory holds no more than these.

It needs the extra ``sql``, and judges nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from speedscore.comparing.fields import differences, refused
from speedscore.comparing.history import MOST_RUNS
from speedscore.comparing.saved_run import SavedRun
from speedscore.history.datasets import among, dataset_of, read_whole
from speedscore.history.kept_figures import FIGURES, fields_of, machines_of, saved_runs
from speedscore.history.parts import Contents, open_history
from speedscore.history.storage import Place
from speedscore.host.fields import Scalar

_MOST_ROWS = 20_000
"""Cases of runs that are in memory together, unless one case has more."""


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


def runs_with(
    place: Place, contents: Contents, cases: Collection[str], *, run_ids: Collection[str] | None = None
) -> tuple[SavedRun, ...]:
    """The runs, or some of them, with no more than these cases; the oldest first."""
    wanted = among("nodeid", cases)
    if run_ids is not None:
        wanted = wanted & among("run_id", run_ids)
    columns = ["run_id", "nodeid", "run_fields", "run", "case_fields", "figures"]
    batches = dataset_of(place, contents, FIGURES.name).to_batches(columns=columns, filter=wanted)
    return saved_runs(row for batch in batches for row in _rows(batch))


def earlier_runs(
    argument: str, *, like: SavedRun, cases: Collection[str], allow: Collection[str]
) -> tuple[SavedRun, ...]:
    """The newest runs of a history that can be compared with a run, with these cases. Raises HistoryError."""
    place = open_history(argument)
    comparable = _Comparable(like, allow)

    def read(contents: Contents) -> tuple[SavedRun, ...]:
        created: dict[str, datetime] = {}
        seen: set[str] = set()
        batches = dataset_of(place, contents, FIGURES.name).to_batches(
            columns=["run_id", "run_fields", "run", "created_utc"], filter=among("nodeid", cases)
        )
        for batch in batches:
            for row in _rows(batch):
                # All rows of a run say the same of it.
                if (run_id := row["run_id"]) not in seen:
                    seen.add(run_id)
                    if comparable.has(row["run_fields"], row["run"]):
                        created[run_id] = row["created_utc"]
        newest = sorted(created, key=lambda run_id: created[run_id])[-MOST_RUNS:]
        return runs_with(place, contents, cases, run_ids=newest)

    return read_whole(place, read)


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


def _rows(batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    """Rows that share their values as the batch does."""
    columns = []
    for column in batch.columns:
        if pa.types.is_dictionary(column.type):
            values = column.dictionary.to_pylist()
            columns.append([values[place] for place in column.indices.to_pylist()])
        else:
            columns.append(column.to_pylist())
    for row in zip(*columns, strict=True):
        yield dict(zip(batch.schema.names, row, strict=True))
