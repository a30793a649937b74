"""The action ``speedscore history export``: a table of a history, or some rows of it, as a file for other programs."""

from __future__ import annotations

import argparse
from pathlib import Path

from speedscore.history.asking.choosing import beginning_of, end_of
from speedscore.history.errors import HistoryError
from speedscore.history.figures.tables import TABLES
from speedscore.history.store.parts import open_history
from speedscore.host.extras import require
from speedscore.text.output import write

_FORMS = (".csv", ".json", ".parquet")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "cases", nargs="*", metavar="CASE", help="node ids, their ends, or globs of them (default: all)"
    )
    parser.add_argument(
        "--from", dest="place", required=True, metavar="HISTORY", help="a history in a folder or a store"
    )
    parser.add_argument(
        "--to", type=Path, required=True, metavar="FILE", help=f"to write, as its end says: {', '.join(_FORMS)}"
    )
    parser.add_argument(
        "--table",
        choices=tuple(TABLES),
        default="cases",
        metavar="NAME",
        help=f"one of {', '.join(TABLES)} (default: cases)",
    )
    parser.add_argument("--machine", metavar="ID", help="a machine_id, its beginning, or a name in a fleet")
    parser.add_argument("--since", metavar="DAY", help="runs of that day or month (UTC) and later: 2026-11-27, 2026-11")
    parser.add_argument("--until", metavar="DAY", help="runs of that day or month and before")


def run(options: argparse.Namespace) -> int:
    """Write the file, say how many rows, and return 0, or 2 where that could not be said.

    Raises HistoryError, MissingExtraError.
    """
    form = options.to.suffix.lower()
    if form not in _FORMS:
        raise HistoryError(f"{options.to}: expected a file that ends in {', '.join(_FORMS)}, found {form or 'no end'}")
    since = beginning_of(options.since) if options.since else None
    before = end_of(options.until) if options.until else None
    require("sql", "pyarrow")
    from speedscore.history.asking.export import Rows, export_rows

    rows = Rows(options.table, tuple(options.cases), options.machine or "", since, before)
    count = export_rows(open_history(options.place), rows, options.to, form=form)
    return write(f"{options.to}: {count} row{'s' * (count != 1)} of {options.table}\n", what="answer")
