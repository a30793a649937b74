"""What strangers put into a run (``extra_info``, parameters, other plugins' keys), as values that JSON readers take.

A value that JSON cannot hold becomes its ``repr``, cut at 200 characters: NaN the text ``nan``, an object what it says
of itself. NumPy's numbers are numbers. Nothing that JSON can hold is changed, and nothing is left out.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator, Mapping
from typing import Any

from speedscore.text.cleaning import writable

LONGEST_TEXT = 200
"""Characters of a ``repr`` that are kept."""
_DEEPEST = 40
"""Levels of lists and tables; readers in C give up soon after a hundred."""
_WIDEST_INTEGER_BITS = 1024
"""As wide as the largest floating-point number; Python itself refuses to write integers of over 4,300 digits."""


class OddValue(Exception):
    """Raised inside for a value that JSON cannot hold."""


def to_plain(value: Any) -> tuple[Any, list[tuple[str, str]]]:
    """The value in plain JSON types, and what became text in it: where it stood, as ``extra_info.score``, and how."""
    replaced: list[tuple[str, str]] = []
    return _Converter(replaced).convert(value, path="", depth=0), replaced


class _Converter:
    def __init__(self, replaced: list[tuple[str, str]]) -> None:
        self._replaced = replaced

    def convert(self, value: Any, *, path: str, depth: int) -> Any:
        try:
            if isinstance(value, Mapping) and depth < _DEEPEST:
                return {
                    name: self.convert(entry, path=f"{path}.{name}" if path else name, depth=depth + 1)
                    for name, entry in _named(value)
                }
            if isinstance(value, list | tuple) and depth < _DEEPEST:
                return [
                    self.convert(entry, path=f"{path}.{index}" if path else str(index), depth=depth + 1)
                    for index, entry in enumerate(value)
                ]
            return _scalar(value)
        except Exception:  # noqa: BLE001 - a stranger's object may raise whatever it likes when it is looked at
            text = _text_of(value)
            self._replaced.append((path, text))
            return text


def _named(table: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    for key, entry in table.items():
        # As json writes them: true, null, 3.
        yield writable(str(key)) if isinstance(key, str) else _key(key), entry


def _key(key: Any) -> str:
    words = {True: "true", False: "false", None: "null"}
    if isinstance(key, bool) or key is None:
        return words[key]
    return _text_of(key)


def _scalar(value: Any) -> str | int | float | bool | None:
    """Raises OddValue, or what the value itself raises, for what is no plain value."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return writable(str(value))
    if type(value).__module__ == "numpy" and type(value).__name__.startswith("bool"):
        return bool(value)
    if isinstance(value, numbers.Integral):
        whole = int(value)
        if whole.bit_length() > _WIDEST_INTEGER_BITS:
            raise OddValue
        return whole
    if isinstance(value, numbers.Real):
        number = float(value)
        if not math.isfinite(number):
            raise OddValue
        return number
    raise OddValue


def _text_of(value: Any) -> str:
    try:
        text = writable(str(value) if isinstance(value, numbers.Real) else repr(value))
    except Exception:  # noqa: BLE001 - as above, and Python's own limits on digits and nesting
        text = f"<{type(value).__name__}>"
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
