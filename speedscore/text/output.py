"""Text to standard output, from any command of ``speedscore``. It writes what it is given and nothing else."""

from __future__ import annotations

import os
import sys

COMMAND = "speedscore"


def write(text: str, *, what: str) -> int:
    """Print ``text`` and return the exit code: 0, or 2 with one line about ``what`` that could not be written."""
    if hasattr(sys.stdout, "reconfigure"):
        # A terminal without UTF-8 shows a question mark for "×" rather than a traceback.
        sys.stdout.reconfigure(errors="replace")
    try:
        print(text, end="", flush=True)
    except OSError as error:
        # Nothing more can be written there; without this Python would try again on its way out, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"{COMMAND}: the {what} could not be written: {error.strerror}", file=sys.stderr)
        return 2
    return 0
