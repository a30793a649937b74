"""Text to standard output and standard error, from any command of ``speedscore``.

What a terminal would obey is taken out of it on the way; it writes nothing of its own.
"""

from __future__ import annotations

import os
import sys

from speedscore.text.cleaning import one_line, printable

COMMAND = "speedscore"


def write(text: str, *, what: str) -> int:
    """Print ``text`` and return the exit code: 0, or 2 with one line about ``what`` that could not be written."""
    if hasattr(sys.stdout, "reconfigure"):
        # A terminal without UTF-8 shows a question mark for "×" rather than a traceback.
        sys.stdout.reconfigure(errors="replace")
    try:
        print(printable(text), end="", flush=True)
    except OSError as error:
        # Nothing more can be written there; without this Python would try again on its way out, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        complain(f"the {what} could not be written: {error.strerror}")
        return 2
    return 0


def complain(message: str) -> None:
    """One line on standard error."""
    print(f"{COMMAND}: {one_line(message)}", file=sys.stderr)
