"""What a source gives: facts, and for each fact that it could not give the reason.

These are plain records. They know nothing of where they come from and check nothing but their own fields.
"""

from __future__ import annotations

import msgspec


class CollectError(RuntimeError):
    """A source gives nothing at all. The message is one line: what was expected, what was found, what to do."""


class Found(msgspec.Struct, frozen=True):
    """A fact as a source gives it, before it is known whether the rubric has a place for it."""

    key: str
    value: float
    unit: str
    as_of: str
    """``YYYY-MM-DD``: the day that was counted to."""
    source: str
    """Title and where, for somebody on another machine: no local path."""
    method: str


class Missing(msgspec.Struct, frozen=True):
    """A fact that was looked for and not got."""

    key: str
    reason: str


class Collected(msgspec.Struct, frozen=True):
    """All that one source had to say."""

    found: tuple[Found, ...] = ()
    missing: tuple[Missing, ...] = ()
    notes: tuple[str, ...] = ()
    """For the reader of the terminal; they go into no file."""
