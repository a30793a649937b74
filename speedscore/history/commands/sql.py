"""Ask saved runs, or a history of them, in SQL. Nothing is changed, and no other file is opened.

The tables are runs, machines, cases, rounds, measurements, ratios, probes and checks; --tables prints their columns.
The dialect is DuckDB's.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence

from speedscore.comparing.finding_runs import STORAGE
from speedscore.comparing.reading_runs import left_out_lines, read_run_files
from speedscore.history.asking.answers import FOR_PEOPLE, FORMATS, Answer
from speedscore.history.errors import HistoryError, QuestionError
from speedscore.history.figures.tables_page import screen
from speedscore.history.store.parts import Contents, is_history, open_history
from speedscore.host.extras import MissingExtraError, require
from speedscore.record.run_file import RunFileError
from speedscore.text.arguments import examples
from speedscore.text.output import COMMAND, complain, write

EXAMPLES = examples(
    f"{COMMAND} sql \"select framework, model, seconds from cases where phase = 'training'\" run.json",
    f'{COMMAND} sql "select run_id, median(seconds) from rounds group by run_id" history/ --format csv',
    f"{COMMAND} sql --tables",
)
ERRORS = (RunFileError, HistoryError, QuestionError, MissingExtraError)
_ROWS = 100
"""What is printed for people unless they ask for more."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("question", nargs="?", metavar="SELECT", help="one SELECT, in quotation marks")
    parser.add_argument(
        "runs",
        nargs="*",
        metavar="RUN",
        help=f"saved runs, folders or globs of them, or a history (default: {STORAGE})",
    )
    parser.add_argument(
        "--format", choices=tuple(FORMATS), default="text", help="csv and json have every digit and row"
    )
    parser.add_argument(
        "--rows", type=_whole_number, metavar="N", help=f"print at most so many (text, markdown: {_ROWS})"
    )
    parser.add_argument("--tables", action="store_true", help="print the tables and columns that there are")


def run(options: argparse.Namespace) -> int:
    """Answer, and return 0, or 2 where the answer could not be written. Raises what ``ERRORS`` lists."""
    width = shutil.get_terminal_size().columns
    if options.tables:
        return write(screen(width=width), what="tables")
    if not options.question:
        raise QuestionError(
            f"expected a SELECT in quotation marks, found none; {COMMAND} sql --tables prints the tables"
        )
    require("sql", "duckdb", "pyarrow")
    answer = _ask(options.question, options.runs or [str(STORAGE)], most_rows=_most_rows(options))
    if answer.left_out and options.format not in FOR_PEOPLE:
        complain(answer.left_out)
    return write(FORMATS[options.format](answer, width=width), what="answer")


def _most_rows(options: argparse.Namespace) -> int | None:
    most: int | None = options.rows
    return _ROWS if most is None and options.format in FOR_PEOPLE else most


def _ask(question: str, arguments: Sequence[str], *, most_rows: int | None) -> Answer:
    # They need DuckDB and pyarrow, which --help and --tables do without.
    from speedscore.history.asking.database import ask, open_database
    from speedscore.history.figures.arrow import tables_of_runs
    from speedscore.history.store.datasets import read_or_refuse

    histories = [argument for argument in arguments if is_history(argument)]
    if len(histories) > 1:
        raise HistoryError(f"expected one history, found {len(histories)}; add the runs of all to one")
    place = open_history(histories[0]) if histories else None
    found = read_run_files([argument for argument in arguments if argument not in histories])
    for line in left_out_lines(found.left_out):
        complain(line)
    if place is None:
        saved = tables_of_runs(file.record for file in found.files)
        return ask(open_database(saved), question, most_rows=most_rows)

    def answer(contents: Contents) -> Answer:
        known = contents.run_ids
        new = tables_of_runs(file.record for file in found.files if file.id not in known)
        return ask(open_database(new, history=(place, contents)), question, most_rows=most_rows)

    return read_or_refuse(place, answer)


def _whole_number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, found {text!r}")
    return int(text)
