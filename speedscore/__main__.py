"""The command ``speedscore``: finds the module of the subcommand that is asked for and hands it the rest of the line.

No subcommand is imported before it is named, so that ``speedscore --help`` is there at once. Whatever is wrong with the
input gets one line on standard error and exit code 2; 130 follows Ctrl-C; every other code is the subcommand's own.

Adding a subcommand: 1. a module in the package that it belongs to, which answers ``Command``; 2. a line in
``COMMANDS``; 3. a line in the README, whose commands the tests run.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import NamedTuple, Protocol, cast

from speedscore.host.extras import remedy_for
from speedscore.text.arguments import Parser
from speedscore.text.output import COMMAND, complain

INTERRUPTED = 130
"""What a shell says of a command that Ctrl-C ended."""


class Command(Protocol):
    """What a subcommand's module offers."""

    EXAMPLES: str
    """The end of its help text; see ``speedscore.text.arguments.examples``."""
    ERRORS: tuple[type[Exception], ...]
    """What ``run`` raises for input that cannot be used; the message is one line."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments to a parser of its own."""

    def run(self, options: argparse.Namespace) -> int:
        """Do it, and return the exit code."""


class Entry(NamedTuple):
    """A line of the table."""

    module: str
    summary: str
    passes_on: bool = False
    """Whether what stands after ``--`` is for pytest; it is then in ``options.pytest_arguments``."""


COMMANDS = {
    "card": Entry("speedscore.scoring.commands.card", "print score cards"),
    "trace": Entry("speedscore.scoring.commands.trace", "follow a score back to its facts and raw rounds"),
    "verify": Entry("speedscore.scoring.commands.verify", "compute a JSON card anew and compare every figure"),
    "whatif": Entry("speedscore.scoring.commands.what_if", "set facts or weights by hand and see what changes"),
    "claims": Entry("speedscore.scoring.commands.claims", "print what is claimed of speed beside what was measured"),
    "facts": Entry("speedscore.scoring.commands.facts", "check the facts, compare snapshots, count fresh ones"),
    "probes": Entry("speedscore.bench_suite.probes.command", "print what the probes of a run came to"),
    "report": Entry("speedscore.report.commands.report", "write saved runs and their scores as one HTML file"),
    "plot": Entry("speedscore.report.commands.plot", "draw the report's figures as SVG and PNG"),
    "badge": Entry("speedscore.report.commands.badge", "draw a badge of a verdict or of a score"),
    "compare": Entry("speedscore.history.commands.compare", "compare saved runs with a first one"),
    "sql": Entry("speedscore.history.commands.sql", "ask saved runs, or a history of them, in SQL"),
    "history": Entry("speedscore.history.commands.history", "keep runs in a history, show a case, find changes"),
    "log": Entry("speedscore.trackers.log_command", "log saved runs to MLflow, TensorBoard or Weights & Biases"),
    "baseline": Entry("speedscore.comparing.baseline_command", "promote a run, on purpose, to be compared with"),
    "gate": Entry("speedscore.gate.gate_command", "compare this checkout with another, in lockstep", passes_on=True),
    "merge": Entry("speedscore.gate.parts.merge_command", "put the reports of a gate's shares together"),
    "comment": Entry(
        "speedscore.gate.posting.comment_command", "write a gate's report as the comment under a pull request"
    ),
    "bisect": Entry("speedscore.gate.bisecting.bisect_command", "find the first commit with a regression"),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line (default: this process's own) and return its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    entry = COMMANDS.get(words[0]) if words else None
    if entry is None:
        # The help that was asked for, or the line that says what is wrong; either ends the process.
        _overview().parse_args(words[:1])
        return 0
    name, *rest = words
    try:
        # Loading a subcommand takes long enough to be interrupted.
        command = cast(Command, importlib.import_module(entry.module))
        options = _parse(name, entry, command, rest)
        try:
            return command.run(options)
        except command.ERRORS as error:
            complain(str(error))
            return 2
    except ModuleNotFoundError as error:
        # What the gate does not need is not installed with it.
        if remedy := remedy_for(error):
            complain(remedy)
            return 2
        raise
    except KeyboardInterrupt:
        complain("interrupted")
        return INTERRUPTED


def _parse(name: str, entry: Entry, command: Command, words: list[str]) -> argparse.Namespace:
    parser = Parser(prog=f"{COMMAND} {name}", description=command.__doc__, epilog=command.EXAMPLES)
    command.add_arguments(parser)
    if not entry.passes_on:
        return parser.parse_args(words)
    dashes = words.index("--") if "--" in words else len(words)
    options = parser.parse_args(words[:dashes])
    options.pytest_arguments = words[dashes + 1 :]
    return options


def _overview() -> Parser:
    """The parser that knows the subcommands by name and summary alone."""
    parser = Parser(
        prog=COMMAND,
        description="Score frameworks, compare runs, and say whether a change made code slower.",
        epilog=f"Each has a help text of its own, with examples: {COMMAND} card --help",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command", parser_class=Parser)
    for name, entry in COMMANDS.items():
        commands.add_parser(name, help=entry.summary)
    return parser


if __name__ == "__main__":
    sys.exit(main())
