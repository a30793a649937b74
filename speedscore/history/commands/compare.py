"""Compare saved runs with a first one, metric by metric, with the noise that history teaches."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import get_args

from speedscore.comparing.baseline import ANCHOR
from speedscore.comparing.finding_runs import RUN_HELP, STORAGE, RunSet, find_side
from speedscore.comparing.history import History, read_history
from speedscore.comparing.output import FORMATS
from speedscore.comparing.report import SCHEMA_VERSION, Axis, ComparisonReport, compared
from speedscore.comparing.runs import compare
from speedscore.comparing.saved_run import SavedRun
from speedscore.history.errors import HistoryError
from speedscore.history.store.parts import adding_to, is_history
from speedscore.host.extras import MissingExtraError, require
from speedscore.record.run_file import RunFileError
from speedscore.text.arguments import examples
from speedscore.text.output import COMMAND, complain, write
from speedscore.verdicts.settings import Settings, SettingsError, read_table

EXAMPLES = examples(
    f"{COMMAND} compare before.json after.json",
    f"{COMMAND} compare baseline 0007 --anchor --format markdown",
)
ERRORS = (RunFileError, SettingsError, HistoryError, MissingExtraError)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base", metavar="RUN", help=RUN_HELP)
    parser.add_argument("heads", nargs="+", metavar="RUN", help="each is compared with the first")
    parser.add_argument("--anchor", action="store_true", help="compare with the anchor too: what changed since then")
    parser.add_argument("--allow", action="append", default=[], metavar="FIELD", help="may differ, as in cpu.model")
    parser.add_argument(
        "--history",
        metavar="PLACE",
        help=f"earlier runs to learn from: a folder of them, or a history in a folder or a store (default: {STORAGE})",
    )
    parser.add_argument("--group-by", choices=get_args(Axis), help="a table for each; the largest ratio first")
    parser.add_argument("--format", choices=tuple(FORMATS), default="text")


def run(options: argparse.Namespace) -> int:
    """Compare, and return 0, or 2 where nothing could be compared or the answer could not be written."""
    settings = Settings(read_table(Path.cwd()))
    earlier = _earlier(options)
    base, *heads = (find_side(argument) for argument in (options.base, *options.heads))
    bases = [base, find_side(ANCHOR)] if options.anchor else [base]
    # One history for each base: it learns once what all heads are compared by.
    with_history = [(side, History(earlier(side), like=side.runs[0], allow=options.allow)) for side in bases]
    comparisons = [
        compared(
            one_base,
            head,
            compare(one_base, head, history=history, settings=settings, allow=options.allow),
            group_by=options.group_by,
        )
        for head in heads
        for one_base, history in with_history
    ]
    general = settings.for_case("", "")
    report = ComparisonReport(SCHEMA_VERSION, general.time, general.memory, options.group_by, tuple(comparisons))
    code = write(FORMATS[options.format](report), what="answer")
    if report.is_empty:
        complain("nothing could be compared; the reasons stand above")
        return 2
    return code


def _earlier(options: argparse.Namespace) -> Callable[[RunSet], tuple[SavedRun, ...]]:
    """The earlier runs from which the comparisons with a base learn."""
    if not options.history or not is_history(options.history):
        folder = Path(options.history or STORAGE)
        if options.history and not folder.is_dir():
            found = (
                "expected a folder of saved runs or a history, found a file" if folder.is_file() else "no such folder"
            )
            raise RunFileError(f"--history {folder}: {found}; to make a history: {adding_to(options.history)}")
        runs = read_history(folder)
        return lambda _: runs
    require("sql", "pyarrow")
    from speedscore.history.asking.past import earlier_runs

    def from_history(side: RunSet) -> tuple[SavedRun, ...]:
        cases = {name for run in side.runs for name in run.cases}
        return earlier_runs(options.history, like=side.runs[0], cases=cases, allow=options.allow)

    return from_history
