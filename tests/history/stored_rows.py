"""Histories of the tests' own: filled run by run, and asked as the command does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from speedscore.history.asking.database import ask, open_database
from speedscore.history.figures.arrow import tables_of_runs
from speedscore.history.store.datasets import read_whole
from speedscore.history.store.parts import Contents
from speedscore.history.store.storage import Place, place_of
from speedscore.history.store.writing import add_runs
from speedscore.record.run_record import RunRecord

COUNTED = "select count(*), count(distinct run_id) from runs"


def rows(
    question: str, *, saved: Sequence[RunRecord] = (), history: Path | str | Place | None = None
) -> list[tuple[Any, ...]]:
    """The answer to a question, of saved runs and of a history."""
    tables = tables_of_runs(saved)
    if history is None:
        return list(ask(open_database(tables), question).rows)
    place = place_of(str(history)) if isinstance(history, Path | str) else history

    def read(contents: Contents) -> list[tuple[Any, ...]]:
        return list(ask(open_database(tables, history=(place, contents)), question).rows)

    return read_whole(place, read)


def filled(history: Path, *runs: RunRecord) -> Path:
    """Each run added by itself."""
    for run in runs:
        add_runs(place_of(str(history)), [run])
    return history
