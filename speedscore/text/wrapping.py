"""Text broken into lines that fit a terminal. Names and paths are never broken, however long they are."""

from __future__ import annotations

import textwrap

TERMINAL_COLUMNS = 80
"""What every terminal and every log has."""


def wrapped(text: str, *, width: int = TERMINAL_COLUMNS, indent: str = "  ") -> list[str]:
    """Lines of at most ``width`` characters, all but the first behind ``indent``; no line for no text."""
    return textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def ends_apart(left: str, right: str, *, width: int) -> list[str]:
    """``left`` and ``right`` at the two ends of one line; in lines of their own where one has no room for both."""
    if len(left) + 1 + len(right) <= width:
        return [f"{left}{right:>{width - len(left)}}"]
    return [
        *textwrap.wrap(left, width, subsequent_indent="  "),
        *(line.rjust(width) for line in textwrap.wrap(right, width)),
    ]


def shortened(text: str, most: int) -> str:
    """``text``, or its beginning and ``…`` where it has more than ``most`` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
