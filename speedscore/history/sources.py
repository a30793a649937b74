"""What ``speedscore sql`` and ``speedscore history`` are given: saved runs, folders of them, and a history.

It finds and reads, and says what it left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from speedscore.comparing.finding_runs import find_files
from speedscore.record.content_id import content_id
from speedscore.record.run_file import RunFileError, load_run
from speedscore.record.run_record import RunRecord


class SavedRuns(msgspec.Struct, frozen=True):
    runs: tuple[RunRecord, ...]
    """Each once, however many files hold it; in the order in which they were named."""
    left_out: tuple[str, ...] = ()
    """Files of a folder or a glob that are no runs of ours, each with the reason."""


def read_saved_runs(arguments: Sequence[str]) -> SavedRuns:
    """The runs that the arguments of a command line stand for.

    Raises RunFileError where one stands for no run. A file among those of a folder or a glob that cannot be read as one
    is left out.
    """
    runs: dict[str, RunRecord] = {}
    left_out: list[str] = []
    for argument in arguments:
        paths, pooled = find_files(argument)
        read, unread = _read_all(paths) if pooled else ([load_run(paths[0])], [])
        if not read:
            raise RunFileError(f"{argument}: no saved run among {len(paths)} files; the first: {unread[0]}")
        runs |= {content_id(run): run for run in read}
        left_out += unread
    return SavedRuns(tuple(runs.values()), tuple(left_out))


def left_out_lines(saved: SavedRuns) -> list[str]:
    """A line that says how many files were left out, and why the first of them; none where none was."""
    count = len(saved.left_out)
    return [f"{count} file{'s' * (count > 1)} left out, no saved run; the first: {saved.left_out[0]}"] if count else []


def _read_all(paths: Sequence[Path]) -> tuple[list[RunRecord], list[str]]:
    read, unread = [], []
    for path in paths:
        try:
            read.append(load_run(path))
        except RunFileError as error:
            unread.append(str(error))
    return read, unread
