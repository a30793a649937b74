"""The parser of every command line of ours: one line for what is wrong, with the word that may have been meant.

It reads words and acts on none of them.
"""

from __future__ import annotations

import argparse
import shutil
import textwrap
from collections.abc import Callable
from typing import Any, NoReturn

from speedscore.text.cleaning import one_line
from speedscore.text.suggestions import did_you_mean


class Parser(argparse.ArgumentParser):
    """Refuses with one line on standard error and exit code 2, without the usage, which ``--help`` prints."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        # The examples are shown as they are written, and the description as wide as the terminal.
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        if description := settings.get("description"):
            settings["description"] = _filled(description)
        super().__init__(*arguments, **settings)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {one_line(message)}\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """As argparse's own, whose message has no suggestion before Python 3.14, and then only if asked."""
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            listed = ", ".join(known)
            hint = did_you_mean(str(value), known)
            raise argparse.ArgumentError(action, f"invalid choice: {value!r} (choose from {listed}){hint}")


def _filled(text: str) -> str:
    """The paragraphs of a docstring as a terminal shows them, without the marks of code."""
    # As wide as argparse makes the other lines.
    width = max(11, shutil.get_terminal_size().columns - 2)
    paragraphs = text.replace("``", "").strip().split("\n\n")
    return "\n\n".join(
        textwrap.fill(" ".join(part.split()), width, break_long_words=False, break_on_hyphens=False)
        for part in paragraphs
    )


def examples(*lines: str) -> str:
    """The end of a help text."""
    return "\n".join(["examples:" if len(lines) > 1 else "example:", *(f"  {line}" for line in lines)])


def actions_of(parser: argparse.ArgumentParser) -> Callable[..., argparse.ArgumentParser]:
    """What adds an action to a command: its name, a summary of one line, and examples of it."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="action", parser_class=Parser)

    def add(name: str, summary: str, *lines: str) -> argparse.ArgumentParser:
        # A sentence where it stands alone, beside its name without a capital and a full stop.
        description = f"{summary[0].upper()}{summary[1:]}."
        return actions.add_parser(name, help=summary, description=description, epilog=examples(*lines))

    return add
