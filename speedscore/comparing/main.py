"""``speedscore``: what is done with saved runs and with commits, from outside of pytest.

Whatever is wrong with the input gets one line on standard error and exit code 2. Nothing is measured in this process.

Adding a subcommand: a function that adds its parser and sets ``run`` to what answers with an exit code, and a line in
``_COMMANDS``.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, get_args

from speedscore.comparing.baseline import ANCHOR, KEPT, describe, promote
from speedscore.comparing.finding_runs import STORAGE, find_file, find_side
from speedscore.comparing.history import read_history
from speedscore.comparing.output import FORMATS
from speedscore.comparing.report import SCHEMA_VERSION, Axis, ComparisonReport, compared
from speedscore.comparing.runs import compare
from speedscore.gate.bisect import bisect
from speedscore.gate.worktrees import CheckoutError
from speedscore.host.signals import interrupt_on
from speedscore.record.run_file import RunFileError
from speedscore.verdicts.settings import Settings, SettingsError, read_table

_INTERRUPTED = 130
"""What a shell says of a command that Ctrl-C ended."""
_RUN = "a file, a folder or glob (all runs in it as one side), a name in .benchmarks, baseline, or anchor"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code: 2 for input that cannot be used, else the subcommand's."""
    parser = _Parser(prog="speedscore", description="Compare saved runs, and search commits.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    for add in _COMMANDS:
        add(commands)
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except (RunFileError, SettingsError, CheckoutError) as error:
        print(f"speedscore: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("speedscore: interrupted", file=sys.stderr)
        return _INTERRUPTED


def _add_compare(commands: Any) -> None:
    parser = commands.add_parser("compare", help="compare saved runs with a first one")
    parser.set_defaults(run=_compare)
    parser.add_argument("base", metavar="RUN", help=_RUN)
    parser.add_argument("heads", nargs="+", metavar="RUN", help="each is compared with the first")
    parser.add_argument("--anchor", action="store_true", help="compare with the anchor too: what changed since then")
    parser.add_argument("--allow", action="append", default=[], metavar="FIELD", help="may differ, as in cpu.model")
    parser.add_argument("--history", type=Path, metavar="DIR", help=f"earlier runs to learn from (default: {STORAGE})")
    parser.add_argument("--group-by", choices=get_args(Axis))
    parser.add_argument("--format", choices=tuple(FORMATS), default="table")


def _add_baseline(commands: Any) -> None:
    parser = commands.add_parser("baseline", help="promote a run, on purpose, to be compared with")
    what = parser.add_subparsers(dest="what", required=True, parser_class=_Parser)
    setting = what.add_parser("set", help="keep a copy of a run as the baseline; the first becomes the anchor too")
    setting.set_defaults(run=_set_baseline)
    setting.add_argument("run_argument", metavar="RUN", help=_RUN)
    setting.add_argument("--anchor", action="store_true", help="as the anchor, and leave the baseline as it is")
    what.add_parser("show", help="say what baseline and anchor are").set_defaults(run=_show_baseline)


def _add_bisect(commands: Any) -> None:
    parser = commands.add_parser("bisect", help="find the first commit that is slower, with the gate as the judge")
    parser.set_defaults(run=_bisect)
    parser.add_argument("good", metavar="GOOD", help="a commit that is fast; every other is compared with it")
    parser.add_argument("bad", metavar="BAD", help="a later commit that is slow")
    parser.add_argument(
        "pytest_arguments", nargs=argparse.REMAINDER, metavar="...", help="for pytest, to choose the case: -k case"
    )


_COMMANDS: tuple[Callable[[Any], None], ...] = (_add_compare, _add_baseline, _add_bisect)


def _compare(options: argparse.Namespace) -> int:
    settings = Settings(read_table(Path.cwd()))
    folder: Path = options.history or STORAGE
    if options.history and not folder.is_dir():
        raise RunFileError(f"--history {folder}: no such folder; name one that holds saved runs")
    earlier = read_history(folder)
    base, *heads = (find_side(argument) for argument in (options.base, *options.heads))
    bases = [base, find_side(ANCHOR)] if options.anchor else [base]
    comparisons = [
        compared(
            each,
            head,
            compare(each, head, earlier=earlier, settings=settings, allow=options.allow),
            group_by=options.group_by,
        )
        for head in heads
        for each in bases
    ]
    general = settings.for_case("", "")
    report = ComparisonReport(SCHEMA_VERSION, general.time, general.memory, options.group_by, tuple(comparisons))
    code = _print(FORMATS[options.format](report))
    if report.is_empty:
        print("speedscore: nothing could be compared; the reasons stand above", file=sys.stderr)
        return 2
    return code


def _set_baseline(options: argparse.Namespace) -> int:
    names = promote(find_file(options.run_argument), anchor=options.anchor)
    return _print("".join(f"{name} set: {KEPT[name]}\n" for name in names))


def _show_baseline(_: argparse.Namespace) -> int:
    return _print(describe())


def _bisect(options: argparse.Namespace) -> int:
    # As Ctrl-C does: the worktrees are removed and the gate's processes ended.
    interrupt_on(signal.SIGTERM)
    return bisect(options.good, options.bad, folder=Path.cwd(), pytest_arguments=options.pytest_arguments)


def _print(text: str) -> int:
    """Returns 0, or 2 where it could not be written."""
    if hasattr(sys.stdout, "reconfigure"):
        # A terminal without UTF-8 shows a question mark for "µs" rather than a traceback.
        sys.stdout.reconfigure(errors="replace")
    try:
        print(text, end="", flush=True)
    except OSError as error:
        # Nothing more can be written there; without this Python would try again on its way out, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"speedscore: the answer could not be written: {error.strerror}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
