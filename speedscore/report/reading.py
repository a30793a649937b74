"""What a command line names, as the report reads it: records to be scored, and the same runs as a history.

A file of a folder or a glob that is no run is left out, with the reason; one that was named is refused. Nothing is
judged here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from speedscore.comparing.saved_run import SavedRun
from speedscore.history.asking.gate_marks import GateMark
from speedscore.history.asking.reading import read_files
from speedscore.record.run_file import RunFileError, load_run
from speedscore.scoring.evidence.evidence import NamedRun

RUN_HELP = "saved runs, folders or globs of them; JSON files of gates among them are marked in the history"


class GivenRuns(msgspec.Struct, frozen=True):
    """All that a report is made from, but for the facts."""

    runs: tuple[NamedRun, ...]
    """Those with the suite's own record, which alone can be scored; at least one."""
    saved: tuple[SavedRun, ...] = ()
    """All of them, and what pytest-benchmark saved without the suite, as a history sees them."""
    marks: tuple[GateMark, ...] = ()
    """What gates said."""
    left_out: tuple[str, ...] = ()
    """Files of a folder that are neither runs nor gates', each with the reason."""


def read_given(arguments: Sequence[str]) -> GivenRuns:
    """Raises RunFileError where no run of the suite is among what was named, or a named file is none."""
    files = read_files(arguments)
    runs: list[NamedRun] = []
    first_error: RunFileError | None = None
    for saved in files.runs:
        try:
            runs.append(NamedRun(name=saved.path, record=load_run(Path(saved.path))))
        except RunFileError as error:
            first_error = first_error or error
    if not runs and first_error is not None:
        raise first_error
    return GivenRuns(runs=tuple(runs), saved=files.runs, marks=files.marks, left_out=files.left_out)
