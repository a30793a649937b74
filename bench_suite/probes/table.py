"""A table of answers, for a terminal of any width and for Markdown. It knows no family and counts nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import msgspec

from speedscore.text.cleaning import one_line
from speedscore.text.markdown import escaped, markdown_table
from speedscore.text.numbers import NO_FIGURE
from speedscore.text.tables import columns_that_fit, plain_table

NOTHING = NO_FIGURE
"""What was not asked."""


class Table(msgspec.Struct, frozen=True):
    """Rows of text under their headers, the first column saying what a row is about."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """Each as long as the headers."""
    title: str = ""
    notes: tuple[str, ...] = ()
    """What stands below it, a paragraph each."""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.headers):
                raise ValueError(f"table {self.title!r}: a row has {len(row)} cells under {len(self.headers)} headers")


def terminal_lines(table: Table, *, width: int) -> list[str]:
    """Lines of at most ``width`` characters, where a column is no wider; as many tables below each other as it takes.

    A row that has nothing in the columns of one of them is left out of that one.
    """
    lines = [one_line(table.title), ""] if table.title else []
    for columns in _that_fit(table, width=width):
        headers = [table.headers[0], *(table.headers[column].replace("-", "\n", 1) for column in columns)]
        rows = [[row[0], *(row[column] for column in columns)] for row in table.rows]
        rows = [[one_line(cell) for cell in row] for row in rows if any(cell != NOTHING for cell in row[1:])]
        lines += [line.rstrip() for line in plain_table([headers, *rows], align="left")]
        lines.append("")
    for note in table.notes:
        lines += textwrap.wrap(one_line(note), width, break_on_hyphens=False)
    return [*lines, ""] if table.notes else lines


def markdown_lines(table: Table) -> list[str]:
    """The table as Markdown, its title in bold above it."""
    title = [f"**{escaped(table.title)}**", ""] if table.title else []
    lines = [*title, *markdown_table(table.rows, headers=table.headers), ""]
    for note in table.notes:
        lines += [escaped(note), ""]
    return lines


def _that_fit(table: Table, *, width: int) -> Iterator[list[int]]:
    """The columns after the first in groups that fit beside it."""
    room = width - max(map(len, (table.headers[0], *(row[0] for row in table.rows))))
    widths = [
        max(map(len, (*header.split("-", 1), *(row[column] for row in table.rows))))
        for column, header in enumerate(table.headers[1:], start=1)
    ]
    for chosen in columns_that_fit(widths, room=room):
        yield [1 + place for place in chosen]
