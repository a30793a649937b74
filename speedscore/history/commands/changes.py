"""The action ``speedscore history changes``: where figures of saved runs changed their level, and at which commit."""

from __future__ import annotations

import argparse

from speedscore.comparing.finding_runs import STORAGE
from speedscore.comparing.reading_runs import left_out_lines
from speedscore.history.asking.changes import report_of
from speedscore.history.asking.finding_series import find_series
from speedscore.history.commands.changes_output import FORMATS
from speedscore.host.extras import require
from speedscore.text.output import complain, write


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs",
        nargs="*",
        metavar="RUN",
        help=f"a history, saved runs, folders or globs of them (default: {STORAGE}); JSON files of gates are marked",
    )
    parser.add_argument("--format", choices=tuple(FORMATS), default="text")


def run(options: argparse.Namespace) -> int:
    """Print the changes, and return 0, or 2 where they could not be written.

    Raises RunFileError, HistoryError, MissingExtraError.
    """
    require("report", "ruptures")
    # The text has the intervals of changes, and none of runs.
    found = find_series(options.runs or [str(STORAGE)], with_intervals=options.format != "text")
    for line in left_out_lines(found.left_out):
        complain(line)
    return write(FORMATS[options.format](report_of(found.series, found.marks)), what="answer")
