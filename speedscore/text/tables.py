"""Plain text tables and numbered footnotes, for whatever is read in a terminal. Nothing here knows what a score is."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Literal

from tabulate import tabulate

from speedscore.text.wrapping import shortened, wrapped

GAP = 2
"""Blanks between two columns."""


class Footnotes:
    """Numbers each text once."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self._places)

    def mark(self, texts: Sequence[str]) -> str:
        """``[1][4]``: the numbers of ``texts``, new ones for those not seen before."""
        places = [self._places.setdefault(text, len(self._places) + 1) for text in texts]
        return "".join(f"[{place}]" for place in dict.fromkeys(places))

    def lines(self, width: int) -> Iterator[str]:
        """Every text behind its number."""
        for text, place in self._places.items():
            yield from textwrap.wrap(
                text, width, break_on_hyphens=False, initial_indent=f"{f'[{place}]':>5} ", subsequent_indent=" " * 6
            )


def table(rows: Sequence[Sequence[str]], *, headers: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Lines of a table whose columns are as wide as ``widths`` say."""
    # Wrapped here: tabulate's own wrapping takes "26,467" for a number and stumbles over the comma.
    wrapped = [[_fill(cell, width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    return tabulate(
        wrapped,
        # Padded so that every table of a card has the same columns; tabulate adds two to a header's width.
        headers=[shortened(header, width - 2).ljust(width - 2) for header, width in zip(headers, widths, strict=True)],
        tablefmt="simple",
        disable_numparse=True,
        preserve_whitespace=True,
    ).splitlines()


def plain_table(rows: Sequence[Sequence[str]], *, align: Literal["left", "right"] = "right") -> list[str]:
    """Lines of a table without rules; ``align`` says where the columns after the first are aligned.

    Headers are rows like any other: as headers of its own, tabulate would make their columns two characters wider.
    """
    return tabulate(
        rows,
        tablefmt="plain",
        disable_numparse=True,
        preserve_whitespace=True,
        colalign=["left", *[align] * (len(rows[0]) - 1)],
    ).splitlines()


def columns_that_fit(widths: Sequence[int], *, room: int) -> Iterator[list[int]]:
    """Places of columns of such ``widths``, in groups that fit into ``room``, each column behind a gap.

    A column that is wider than that is a group of its own.
    """
    chosen: list[int] = []
    left = room
    for place, width in enumerate(widths):
        if chosen and GAP + width > left:
            yield chosen
            chosen, left = [], room
        chosen.append(place)
        left -= GAP + width
    if chosen:
        yield chosen


def captioned_table(
    rows: Sequence[Sequence[str]],
    *,
    headers: Sequence[str],
    captions: Sequence[str],
    remarks: Sequence[Sequence[str]],
    indent: str = "",
) -> list[str]:
    """Lines of a table in which each row has its caption on a line of its own above it and its remarks below it.

    For captions as long as a node id, which as a column would leave no room. ``indent`` stands before what is no
    caption; remarks are wrapped and always indented.
    """
    head, rule, *body = tabulate(
        rows, headers=headers, tablefmt="simple", disable_numparse=True, stralign="left"
    ).splitlines()
    lines = [f"{indent}{head.rstrip()}", f"{indent}{rule}"]
    for caption, figures, remarks_of_row in zip(captions, body, remarks, strict=True):
        lines += [caption, f"{indent}{figures.rstrip()}"]
        for remark in remarks_of_row:
            lines += wrapped(f"  {remark}")
    return lines


def _fill(text: str, width: int) -> str:
    indent = " " * (len(text) - len(text.lstrip()))
    return textwrap.fill(text.strip(), width, initial_indent=indent, subsequent_indent=indent)
