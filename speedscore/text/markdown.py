"""Markdown as GitHub reads it: tables whose cells may hold anything. Nothing here knows what a table is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


class Markdown(str):
    """Text that is Markdown already, as a code span or a link: in a cell only what would end the cell is escaped."""

    __slots__ = ()


def code(text: str) -> Markdown:
    """A code span that shows ``text`` as it stands, backticks included (CommonMark 0.31, section 6.1)."""
    longest_run = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest_run + 1)
    pad = " " if longest_run else ""
    return Markdown(f"{fence}{pad}{text}{pad}{fence}")


def markdown_table(rows: Iterable[Sequence[str]], *, headers: Sequence[str]) -> list[str]:
    """The lines of a table. Bars, backticks and line ends in a cell are escaped; backticks of ``Markdown`` stay."""
    return [_line(headers), f"|{'---|' * len(headers)}", *map(_line, rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_escaped, cells))} |"


def _escaped(cell: str) -> str:
    text = " ".join(cell.splitlines())
    if not isinstance(cell, Markdown):
        text = text.replace("`", "\\`")
    # Even within a code span a bar would end the cell; one that is escaped already does not.
    return re.sub(r"(?<!\\)\|", r"\\|", text)
