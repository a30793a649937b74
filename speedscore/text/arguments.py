"""The parser of every command line of ours: one line for what is wrong, with the word that may have been meant.

It reads words and acts on none of them.
"""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from speedscore.text.cleaning import one_line
from speedscore.text.suggestions import did_you_mean


class Parser(argparse.ArgumentParser):
    """Refuses with one line on standard error and exit code 2, without the usage, which ``--help`` prints."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        # The examples are shown as they are written.
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
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


def examples(*lines: str) -> str:
    """The end of a help text."""
    return "\n".join(["examples:" if len(lines) > 1 else "example:", *(f"  {line}" for line in lines)])
