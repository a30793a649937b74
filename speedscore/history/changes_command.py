"""The action ``speedscore history changes``: where figures of saved runs changed their level, and at which commit."""

from __future__ import annotations

import argparse

from speedscore.comparing.finding_runs import STORAGE
from speedscore.history.changes import history_of
from speedscore.history.changes_output import FORMATS
from speedscore.history.reading import read_files
from speedscore.host.extras import require
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
    files = read_files(options.runs or [str(STORAGE)])
    if files.remark:
        complain(files.remark)
    return write(FORMATS[options.format](history_of(files.runs, files.marks)), what="answer")
