"""Columns side by side where a terminal is wide enough for them, and a line for each value where it is not.

Nothing is cut off: what is too long for its column is wrapped. Nothing here knows what the values are.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import zip_longest

from speedscore.text.tables import GAP

_NARROWEST = 12
"""Characters to which a column of longer text is narrowed; below, a node id would be a column of syllables."""


def columns_or_records(
    rows: Sequence[Sequence[str]], *, headers: Sequence[str], right: Sequence[bool], width: int
) -> list[str]:
    """Lines of at most ``width`` characters, but for a header or number that is longer by itself.

    ``right`` says of each column whether it is aligned there, as numbers are, and so never wrapped. Values and headers
    are one line each.
    """
    widths = _fitting(rows, headers=headers, right=right, width=width)
    return _columns(rows, headers=headers, right=right, widths=widths) if widths else _records(rows, headers, width)


def _fitting(rows: Sequence[Sequence[str]], *, headers: Sequence[str], right: Sequence[bool], width: int) -> list[int]:
    """The width of each column; none where they do not fit side by side."""
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    least = [
        own if is_right else min(own, max(_NARROWEST, len(header)))
        for own, is_right, header in zip(widths, right, headers, strict=True)
    ]
    room = width - GAP * (len(widths) - 1)
    if sum(least) > room:
        return []
    while (excess := sum(widths) - room) > 0:
        # The widest gives way first, as far as the next one or its own limit.
        place = max(range(len(widths)), key=lambda each: (widths[each] > least[each], widths[each]))
        others = [own for each, own in enumerate(widths) if each != place and own < widths[place]]
        widths[place] = max(least[place], widths[place] - excess, min(widths[place] - 1, max(others, default=0)))
    return widths


def _columns(
    rows: Sequence[Sequence[str]], *, headers: Sequence[str], right: Sequence[bool], widths: Sequence[int]
) -> list[str]:
    lines = [_joined(headers, right=right, widths=widths), (" " * GAP).join("-" * own for own in widths)]
    for row in rows:
        cells = [_lines(cell, own) for cell, own in zip(row, widths, strict=True)]
        lines += [_joined(line, right=right, widths=widths) for line in zip_longest(*cells, fillvalue="")]
    return lines


def _lines(text: str, width: int) -> list[str]:
    # Broken at blanks or anywhere: a node id would otherwise be torn apart at its hyphens, and its lines be half empty.
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]


def _joined(cells: Sequence[str], *, right: Sequence[bool], widths: Sequence[int]) -> str:
    aligned = (
        cell.rjust(own) if is_right else cell.ljust(own)
        for cell, is_right, own in zip(cells, right, widths, strict=True)
    )
    return (" " * GAP).join(aligned).rstrip()


def _records(rows: Sequence[Sequence[str]], headers: Sequence[str], width: int) -> list[str]:
    name_width = max(map(len, headers))
    value_width = max(width - name_width - GAP, _NARROWEST)
    lines = []
    for number, row in enumerate(rows, 1):
        lines.append(f"-- row {number} ".ljust(min(width, name_width + GAP + value_width), "-"))
        for name, value in zip(headers, row, strict=True):
            first, *others = _lines(value, value_width)
            lines.append(f"{name:<{name_width + GAP}}{first}".rstrip())
            lines += [f"{'':<{name_width + GAP}}{other}" for other in others]
    return lines
