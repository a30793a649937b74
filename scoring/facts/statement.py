"""What a source says about a framework in words, where no number says it: dated and sourced as a fact is.

A statement has a topic, which the rubric lists and asks no score of. It is checked once, when it is made. Nothing here
reads a file, or decides which of two statements is right.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import msgspec

from speedscore.scoring.facts.fact import Kind, first_day
from speedscore.text.cleaning import is_name, one_line

LONGEST_TEXT = 200
"""Characters: two or three lines of a card. Who has more to say makes two statements."""


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that one source says about one framework, in our words."""

    framework: str
    topic: str
    text: str
    """One line, as a card shows it."""
    as_of: str
    """``YYYY-MM`` or ``YYYY-MM-DD``: when it held, not when it was written down."""
    source: str
    """Title and where: enough to find it again."""
    kind: Kind
    """``published``: read in the source. ``computed``: found by looking through it. ``reference``: said by the
    reference document, not checked."""
    method: str = ""
    """How it came from the source; empty where it simply stands there."""
    contradicts: bool = False
    """True where it speaks against what stands before it under the same topic."""

    def __post_init__(self) -> None:
        for name in ("text", "source"):
            if not getattr(self, name).strip():
                raise ValueError(f"{name} is empty")
        for name in ("text", "source", "method"):
            if not is_name(getattr(self, name)):
                raise ValueError(f"{name} is not one line of plain text: {one_line(getattr(self, name))!r}")
        if len(self.text) > LONGEST_TEXT:
            raise ValueError(f"text has {len(self.text)} characters; expected at most {LONGEST_TEXT}, so make it two")
        first_day(self.as_of)

    @property
    def month(self) -> str:
        return self.as_of[:7]


def make_statement(framework: str, topic: str, entry: dict[str, Any], *, topics: Container[str]) -> Statement:
    """One entry of a snapshot under a topic of ``topics``. Raises ValueError."""
    if topic not in topics:
        raise ValueError("unknown topic; the rubric's [topics] table lists those there are")
    for name in ("framework", "topic"):
        if name in entry:
            raise ValueError(f"{name!r} must not be given; it is said by the folder and the table's name")
    return msgspec.convert({**entry, "framework": framework, "topic": topic}, type=Statement)
