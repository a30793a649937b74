"""The action ``speedscore history show``: the figures of a case over time, machine by machine and metric by metric."""

from __future__ import annotations

import argparse

from speedscore.comparing.finding_runs import STORAGE
from speedscore.comparing.reading_runs import left_out_lines
from speedscore.history.asking.finding_series import find_series
from speedscore.history.commands.show_output import FORMATS
from speedscore.text.output import complain, write


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "cases",
        nargs="+",
        metavar="CASE",
        help="a node id, its end, what stands in its brackets or the beginning of that, or a glob of these",
    )
    parser.add_argument(
        "--from",
        dest="places",
        action="append",
        metavar="HISTORY",
        help=f"a history in a folder or a store, or saved runs; several times for both (default: {STORAGE})",
    )
    parser.add_argument("--runs", action="store_true", help="a line for each run, and not for each month")
    parser.add_argument(
        "--format", choices=tuple(FORMATS), default="text", help="json and csv have every run and digit"
    )


def run(options: argparse.Namespace) -> int:
    """Print the series, and return 0, or 2 where they could not be written.

    Raises RunFileError, HistoryError, MissingExtraError.
    """
    with_intervals = options.runs or options.format != "text"
    found = find_series(options.places or [str(STORAGE)], cases=options.cases, with_intervals=with_intervals)
    for line in left_out_lines(found.left_out):
        complain(line)
    return write(FORMATS[options.format](found.series, each_run=options.runs), what="answer")
