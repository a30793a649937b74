"""What a field of a fingerprint can hold: fields have flat dotted names, so that two machines can be compared."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

import msgspec

from speedscore.text.cleaning import NAME_PATTERN

Name = Annotated[str, msgspec.Meta(pattern=NAME_PATTERN)]
"""One line that a terminal prints as it stands; checked where a file is read."""

Whole = Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
"""A whole number that other programs can keep, and arithmetic can be done with; JSON limits none. Checked where a file
is read."""

Scalar = str | int | float | bool | None


def as_text(value: Scalar) -> str | None:
    """A field as text, where fields of several types become one; truth as SQL and JSON write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def is_allowed(field: str, allow: Collection[str]) -> bool:
    """Whether ``--allow`` names the field or what stands before one of its dots: ``cpu`` allows ``cpu.model``."""
    return any(field == name or field.startswith(f"{name.rstrip('.*')}.") for name in allow)
