"""Records whose every text is one line that a terminal prints as it stands: looked for, or made so in one place.

Whatever somebody else wrote (a machine's name, a file's, a reason that a framework gave) could otherwise begin a line
of its own or speak to the terminal. Nothing here knows what a record is about, and figures are not touched.
``markdown`` escapes what Markdown would read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from speedscore.text.cleaning import is_name, one_line

_T = TypeVar("_T")


def plain(value: _T) -> _T:
    """``value`` with every text in it cleaned, in whatever records, tuples, lists and mappings it stands.

    What is clean already is the same object.
    """
    cleaned: _T = _plain(value)
    return cleaned


def texts(value: Any) -> Iterator[str]:
    """Every text in ``value``, keys of mappings among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from texts(getattr(value, name))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict):
        for entry in value.items():
            yield from texts(entry)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value if is_name(value) else one_line(value)
    if isinstance(value, msgspec.Struct):
        changed = {
            name: after
            for name in value.__struct_fields__
            if (after := _plain(before := getattr(value, name))) is not before
        }
        return msgspec.structs.replace(value, **changed) if changed else value
    if isinstance(value, tuple | list):
        items = [_plain(item) for item in value]
        return value if all(map(_is, items, value)) else type(value)(items)
    if isinstance(value, dict):
        entries = [(_plain(key), _plain(item)) for key, item in value.items()]
        same = all(key is old and item is value[old] for (key, item), old in zip(entries, value, strict=True))
        return value if same else dict(entries)
    return value


def _is(one: object, other: object) -> bool:
    return one is other
