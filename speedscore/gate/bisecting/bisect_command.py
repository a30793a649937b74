"""Find the first commit with a regression, with the gate as the judge; your checkout is not touched."""

from __future__ import annotations

import argparse
from pathlib import Path

from speedscore.gate.bisecting.bisect import bisect
from speedscore.gate.checkouts.worktrees import CheckoutError
from speedscore.host.signals import ENDING, interrupt_on
from speedscore.text.arguments import examples
from speedscore.text.output import COMMAND

EXAMPLES = examples(f"{COMMAND} bisect v1.2 HEAD -k test_encode")
ERRORS = (CheckoutError,)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("good", metavar="GOOD", help="a commit that is fast; every other is compared with it")
    parser.add_argument("bad", metavar="BAD", help="a later commit that is slow")
    parser.add_argument(
        "pytest_arguments", nargs=argparse.REMAINDER, metavar="...", help="for pytest, to choose the case: -k case"
    )


def run(options: argparse.Namespace) -> int:
    """Search, and return 0 where the commit was found, 1 where not."""
    # As Ctrl-C does: the worktrees are removed and the gate's processes ended.
    interrupt_on(*ENDING)
    words: list[str] = options.pytest_arguments
    # As with "speedscore gate": what stands after the dashes is for pytest, and they are not.
    pytest_arguments = words[1:] if words[:1] == ["--"] else words
    return bisect(options.good, options.bad, folder=Path.cwd(), pytest_arguments=pytest_arguments)
