"""Keep saved runs in a history, a folder of Parquet files that SQL answers from quickly, and find what changed in them.

A run that is there already is not added again, and several may add at once.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from speedscore.comparing.finding_runs import STORAGE
from speedscore.comparing.reading_runs import left_out_lines, read_run_files
from speedscore.history import changes_command
from speedscore.history.errors import HistoryError
from speedscore.host.extras import MissingExtraError, require
from speedscore.record.run_file import RunFileError
from speedscore.text.arguments import Parser, examples
from speedscore.text.output import COMMAND, complain, write

EXAMPLES = examples(
    f"{COMMAND} history add run.json --to history/",
    f"{COMMAND} history add .benchmarks --to history/",
    f"{COMMAND} history changes .benchmarks",
)
ERRORS = (RunFileError, HistoryError, MissingExtraError)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="action", parser_class=Parser)
    adding = actions.add_parser("add", help="add runs that are not there yet")
    adding.add_argument(
        "runs", nargs="*", metavar="RUN", help=f"saved runs, folders or globs of them (default: {STORAGE})"
    )
    adding.add_argument(
        "--to", type=Path, required=True, metavar="FOLDER", help="the history; made where there is none"
    )
    changes_command.add_arguments(actions.add_parser("changes", help="find where figures changed their level"))


def run(options: argparse.Namespace) -> int:
    """Do what the action says, and return 0, or 2 where the answer could not be written.

    Raises what ``ERRORS`` lists.
    """
    return changes_command.run(options) if options.action == "changes" else _add(options)


def _add(options: argparse.Namespace) -> int:
    require("sql", "pyarrow")
    from speedscore.history.store import add_run

    found = read_run_files(options.runs or [str(STORAGE)])
    for line in left_out_lines(found):
        complain(line)
    added = [add_run(options.to, file.record) for file in found.files].count(True)
    there = len(found.files) - added
    return write(f"{options.to}: runs added: {added}, there already: {there}\n", what="answer")
