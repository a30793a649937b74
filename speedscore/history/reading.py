"""What a history is made from: the saved runs that arguments of a command line stand for, and gates' files among them.

It finds and reads, and says what it left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from speedscore.comparing.finding_runs import find_files
from speedscore.comparing.saved_figures import load_figures
from speedscore.comparing.saved_run import SavedRun
from speedscore.history.gate_marks import GateMark, is_gate_report, read_marks
from speedscore.record.run_file import RunFileError


class HistoryFiles(msgspec.Struct, frozen=True):
    runs: tuple[SavedRun, ...]
    """At least one; ours, and pytest-benchmark's plain ones."""
    marks: tuple[GateMark, ...]
    """The verdicts of gates."""
    left_out: tuple[str, ...] = ()
    """Files of a folder or a glob that are neither, each with the reason."""


def read_history_files(arguments: Sequence[str]) -> HistoryFiles:
    """Each file once. Raises RunFileError where a file that was named is neither, and where no run is among them."""
    runs: dict[Path, SavedRun] = {}
    marks: dict[Path, tuple[GateMark, ...]] = {}
    left_out: list[str] = []
    for argument in arguments:
        paths, pooled = find_files(argument)
        for path in paths:
            try:
                if is_gate_report(path):
                    marks[path.resolve()] = read_marks(path)
                else:
                    runs[path.resolve()] = load_figures(path)
            except RunFileError as error:
                if not pooled:
                    raise
                left_out.append(str(error))
    if not runs:
        why = f"; the first file that is none: {left_out[0]}" if left_out else ""
        raise RunFileError(f"{' '.join(arguments)}: no saved run there{why}")
    all_marks = tuple(mark for of_file in marks.values() for mark in of_file)
    return HistoryFiles(tuple(runs.values()), all_marks, tuple(left_out))
