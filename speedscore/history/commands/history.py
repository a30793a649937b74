"""Keep saved runs in a history, Parquet files in a folder or an object store, and see what became of a case in them.

A run that is there already is not added again, and several may add at once.
"""

from __future__ import annotations

import argparse

from speedscore.comparing.finding_runs import STORAGE
from speedscore.comparing.reading_runs import find_run_files, left_out_lines
from speedscore.history.commands import changes, export, show
from speedscore.history.errors import HistoryError
from speedscore.host.extras import MissingExtraError, require
from speedscore.record.run_file import RunFileError
from speedscore.text.arguments import actions_of, examples
from speedscore.text.output import COMMAND, complain, write

_ADD = (f"{COMMAND} history add run.json --to history/", f"{COMMAND} history add .benchmarks --to s3://bucket/history")
_SHOW, _CHANGES = f"{COMMAND} history show jax-gpt --from history/", f"{COMMAND} history changes history/"
_EXPORT = f"{COMMAND} history export --from history/ --since 2026-11 --to cases.csv"
EXAMPLES = examples(*_ADD, _SHOW, _CHANGES, _EXPORT)
ERRORS = (RunFileError, HistoryError, MissingExtraError)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = actions_of(parser)
    adding = add("add", "add runs that are not there yet", *_ADD)
    adding.add_argument(
        "runs", nargs="*", metavar="RUN", help=f"saved runs, folders or globs of them (default: {STORAGE})"
    )
    adding.add_argument(
        "--to",
        required=True,
        metavar="PLACE",
        help="the history, a folder or a URL as in s3://; made where there is none",
    )
    show.add_arguments(add("show", "print the figures of a case over time", _SHOW))
    changes.add_arguments(add("changes", "find where figures changed their level", _CHANGES))
    export.add_arguments(add("export", "write a table of a history, or some of it, to a file", _EXPORT))


def run(options: argparse.Namespace) -> int:
    """Do what the action says, and return 0, or 2 where the answer could not be written.

    Raises what ``ERRORS`` lists.
    """
    return _ACTIONS[options.action](options)


def _add(options: argparse.Namespace) -> int:
    require("sql", "pyarrow")
    from speedscore.history.store.adding import add_files

    left_out: list[str] = []
    count = add_files(options.to, find_run_files(options.runs or [str(STORAGE)]), left_out)
    for line in left_out_lines(left_out):
        complain(line)
    return write(f"{options.to}: runs added: {count.added}, there already: {count.there}\n", what="answer")


_ACTIONS = {
    "add": _add,
    "show": show.run,
    "changes": changes.run,
    "export": export.run,
}
