"""The action ``speedscore history changes``: where figures of saved runs changed their level, and at which commit."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from speedscore.comparing.finding_runs import STORAGE, find_files
from speedscore.comparing.saved_figures import load_figures
from speedscore.comparing.saved_run import SavedRun
from speedscore.history.changes import history_of
from speedscore.history.changes_output import FORMATS
from speedscore.history.gate_marks import GateMark, is_gate_report, read_marks
from speedscore.host.extras import require
from speedscore.record.run_file import RunFileError
from speedscore.text.output import complain, write


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs",
        nargs="*",
        metavar="RUN",
        help=f"saved runs, folders or globs of them (default: {STORAGE}); JSON files of gates among them are marked",
    )
    parser.add_argument("--format", choices=tuple(FORMATS), default="text")


def run(options: argparse.Namespace) -> int:
    """Print the changes, and return 0, or 2 where they could not be written. Raises RunFileError, MissingExtraError."""
    require("report", "ruptures")
    runs, marks = _read(options.runs or [str(STORAGE)])
    return write(FORMATS[options.format](history_of(runs, marks)), what="answer")


def _read(arguments: Sequence[str]) -> tuple[list[SavedRun], list[GateMark]]:
    """Each file once. What is neither a run nor a gate's is left out of a folder, and refused where it was named."""
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
    if left_out:
        complain(f"{len(left_out)} file{'s' * (len(left_out) > 1)} left out, no saved run; the first: {left_out[0]}")
    return list(runs.values()), [mark for of_file in marks.values() for mark in of_file]
