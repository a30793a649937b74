"""Evidence from the facts that the package ships, with those of further folders laid over them and runs beside them.

Where no snapshot is named, ages are counted to this month. Nothing is checked here: reading and ``gather`` do that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from speedscore.scoring.evidence.evidence import Evidence, NamedRun, gather
from speedscore.scoring.facts import calendar
from speedscore.scoring.facts.snapshots import Snapshot, fixtures_folder, load_snapshots
from speedscore.scoring.rubric.rubric import Rubric


def read_snapshots(rubric: Rubric, folders: Iterable[Path] = ()) -> tuple[Snapshot, ...]:
    """The shipped snapshots and those of ``folders``. Raises FactError."""
    return load_snapshots(fixtures_folder() / "ecosystem", *folders, keys=rubric.facts, topics=rubric.topics)


def gather_evidence(
    rubric: Rubric,
    snapshots: Iterable[Snapshot],
    *,
    month: str | None = None,
    as_of: str | None = None,
    runs: Sequence[NamedRun] = (),
) -> Evidence:
    """``gather`` by a rubric; where neither ``month`` nor ``as_of`` is given, ages are counted to this month.

    Raises EvidenceError.
    """
    if month is None and as_of is None:
        as_of = calendar.this_month()
    return gather(snapshots, month=month, as_of=as_of, runs=runs, kind_order=rubric.policy.kind_order)
