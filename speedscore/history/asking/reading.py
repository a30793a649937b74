"""Arguments of a command line to the files of a history: saved runs, and what gates said beside them.

A file that is neither is left out of a folder or a glob, with the reason, and refused where it was named. Nothing is
judged here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from speedscore.comparing.finding_runs import find_files
from speedscore.comparing.saved_figures import load_figures
from speedscore.comparing.saved_run import SavedRun
from speedscore.history.asking.gate_marks import GateMark, is_gate_report, read_marks
from speedscore.history.store.parts import adding_to
from speedscore.record.run_file import RunFileError


class HistoryFiles(msgspec.Struct, frozen=True):
    """Each file once."""

    runs: tuple[SavedRun, ...]
    marks: tuple[GateMark, ...]
    left_out: tuple[str, ...]
    """Files of a folder that are neither, each with the reason."""


def read_files(arguments: Sequence[str], *, needs_a_run: bool = True) -> HistoryFiles:
    """What the arguments stand for: files, folders, globs, names.

    Raises RunFileError where no run is among it, unless none is needed, as beside a history.
    """
    runs: dict[Path, SavedRun] = {}
    marks: dict[Path, tuple[GateMark, ...]] = {}
    left_out: list[str] = []
    for argument in arguments:
        try:
            paths, pooled = find_files(argument)
        except RunFileError as error:
            raise RunFileError(f"{error}; to make a history: {adding_to(argument)}") from None
        for path in paths:
            try:
                if is_gate_report(path):
                    marks[path.resolve()] = read_marks(path)
                else:
                    runs.setdefault(path.resolve(), load_figures(path))
            except RunFileError as error:
                if not pooled:
                    raise
                left_out.append(str(error))
    if needs_a_run and not runs:
        why = f"; the first file that is none: {left_out[0]}" if left_out else ""
        raise RunFileError(f"{' '.join(arguments)}: no saved run there{why}")
    return HistoryFiles(
        runs=tuple(runs.values()),
        marks=tuple(mark for of_file in marks.values() for mark in of_file),
        left_out=tuple(left_out),
    )
