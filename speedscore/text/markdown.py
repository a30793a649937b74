"""Markdown as GitHub reads it: tables whose cells may hold anything. Nothing here knows what a table is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from speedscore.text.cleaning import one_line

_SIGNS = re.compile(r"[\\`*_\[\]<>#|~&]")


class Markdown(str):
    """Text that is Markdown already, as a code span or a link: in a cell only what would end the cell is escaped."""

    __slots__ = ()


def code(text: str) -> Markdown:
    """A code span that shows ``text`` as it stands, backticks included (CommonMark 0.31, section 6.1)."""
    longest_run = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest_run + 1)
    pad = " " if longest_run else ""
    return Markdown(f"{fence}{pad}{one_line(text)}{pad}{fence}")


def fenced(lines: Iterable[str]) -> list[str]:
    """A block that shows ``lines`` as they stand, whatever they hold (CommonMark 0.31, section 4.5)."""
    shown = [one_line(line) for line in lines]
    longest_run = max((len(run) for line in shown for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest_run + 1)
    return [fence, *shown, fence]


def escaped(text: str) -> Markdown:
    """``text`` in one line that Markdown shows as it stands: no heading, no link, no HTML, nothing bold.

    Any sign of punctuation may follow a backslash (CommonMark 0.31, section 2.4). Signs that have a meaning at the
    beginning of a line only are left alone, but for those of a heading and of a quotation.
    """
    return Markdown(_SIGNS.sub(r"\\\g<0>", one_line(text)))


def markdown_table(rows: Iterable[Sequence[str]], *, headers: Sequence[str]) -> list[str]:
    """The lines of a table. What a cell holds is shown as it stands; what is ``Markdown`` already keeps its meaning."""
    return [_line(headers), f"|{'---|' * len(headers)}", *map(_line, rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_escaped, cells))} |"


def _escaped(cell: str) -> str:
    text = " ".join(cell.splitlines()) if isinstance(cell, Markdown) else escaped(cell)
    # Even within a code span a bar would end the cell; one that is escaped already does not.
    return re.sub(r"(?<!\\)\|", r"\\|", text)
