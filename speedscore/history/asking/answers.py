"""An answer of SQL as text: a table that fits the terminal, Markdown, CSV or JSON. It asks nothing.

A table and Markdown are for people: six significant digits, and a number of rows that is said to be a part. CSV and
JSON have every digit and every row. Text of the answer may come from anywhere: a table and Markdown show it as one line
without what a terminal or Markdown would obey, and whoever prints CSV or JSON cleans it on the way (``text.output``).
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import msgspec

from speedscore.text.cleaning import one_line
from speedscore.text.columns import columns_or_records
from speedscore.text.markdown import markdown_table

NULL = "NULL"


class Answer(msgspec.Struct, frozen=True):
    names: tuple[str, ...]
    """Of the columns; two may be alike."""
    rows: tuple[tuple[Any, ...], ...]
    """Values as Python has them; None for NULL."""
    rows_count: int
    """All that there are, with those that are not in ``rows``."""

    @property
    def left_out(self) -> str:
        """What is not in ``rows``, in a sentence; empty where nothing is missing."""
        missing = self.rows_count - len(self.rows)
        return (
            f"{missing} of {self.rows_count} rows are left out; --rows {self.rows_count} shows them" if missing else ""
        )


def as_table(answer: Answer, *, width: int) -> str:
    """Columns side by side where they fit into ``width`` characters, otherwise a line for each value."""
    numeric = [_is_numeric(column) for column in zip(*answer.rows, strict=True)] or [False] * len(answer.names)
    lines = columns_or_records(
        [[_shown(value) for value in row] for row in answer.rows],
        headers=[one_line(name) for name in answer.names],
        right=numeric,
        width=width,
    )
    return "\n".join([*lines, *_footer(answer)]) + "\n"


def as_markdown(answer: Answer, *, width: int) -> str:  # noqa: ARG001
    rows = ([_shown(value) for value in row] for row in answer.rows)
    footer = [line for text in _footer(answer) for line in ("", text)]
    return "\n".join([*markdown_table(rows, headers=answer.names), *footer]) + "\n"


def as_csv(answer: Answer, *, width: int) -> str:  # noqa: ARG001
    """As RFC 4180 has it, but for the ends of lines; NULL is an empty field."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(answer.names)
    writer.writerows([csv_value(value) for value in row] for row in answer.rows)
    return text.getvalue()


def as_json(answer: Answer, *, width: int) -> str:  # noqa: ARG001
    """A list of objects, a row each. What JSON has no form for is text, NaN and infinity among it."""
    names = _distinct(answer.names)
    rows = [dict(zip(names, map(json_value, row), strict=True)) for row in answer.rows]
    return json.dumps(rows, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


FORMATS: dict[str, Callable[..., str]] = {
    "text": as_table,
    "csv": as_csv,
    "json": as_json,
    "markdown": as_markdown,
}
FOR_PEOPLE = frozenset({"text", "markdown"})


def _footer(answer: Answer) -> list[str]:
    return [answer.left_out] if answer.left_out else [] if answer.rows else ["no rows"]


def _is_numeric(values: Iterable[Any]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(
        isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in known
    )


def _shown(value: Any) -> str:
    if value is None:
        return NULL
    if isinstance(value, float):
        return f"{value:.6g}"
    return one_line(_as_text(value))


def csv_value(value: Any) -> str:
    if value is None:
        return ""
    return repr(value) if isinstance(value, float) else _as_text(value)


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | list | tuple | dict):
        return json.dumps(json_value(value), allow_nan=False, ensure_ascii=False)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return str(value)


def json_value(value: Any) -> Any:
    """As one of the values that JSON has."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    if isinstance(value, dict):
        return {_as_text(key): json_value(item) for key, item in value.items()}
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, and a number behind one that stood before: an object of JSON has each key once."""
    return list(_numbered(names))


def _numbered(names: Sequence[str]) -> Iterator[str]:
    taken = set(names)
    seen: set[str] = set()
    for name in names:
        free, number = name, 2
        while free in seen or (free != name and free in taken):
            free, number = f"{name}_{number}", number + 1
        seen.add(free)
        yield free
