"""What a source gives: facts, and for each fact that it could not give the reason.

These are plain records. They know nothing of where they come from and check nothing but their own fields.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class CollectError(RuntimeError):
    """A source gives nothing at all. The message is one line: what was expected, what was found, what to do."""


class CollectedFact(msgspec.Struct, frozen=True):
    """A fact as a source gives it, before it is known whether the rubric has a place for it."""

    key: str
    value: float
    unit: str
    as_of: str
    """``YYYY-MM-DD``: the day that was counted to."""
    source: str
    """Title and where, for somebody on another machine: no local path."""
    method: str
    definition: str = ""
    """Which of several ways of counting it is, as ``Fact`` has it; one of those in ``definitions``."""


class MissingFact(msgspec.Struct, frozen=True):
    """A fact that was looked for and not got."""

    key: str
    reason: str


class Collected(msgspec.Struct, frozen=True):
    """All that one source had to say."""

    facts: tuple[CollectedFact, ...] = ()
    missing: tuple[MissingFact, ...] = ()
    notes: tuple[str, ...] = ()
    """For the reader of the terminal; they go into no file."""


def joined(parts: Iterable[Collected]) -> Collected:
    """What several parts of a source had to say, in their order."""
    parts = tuple(parts)
    return Collected(
        facts=tuple(fact for part in parts for fact in part.facts),
        missing=tuple(missing for part in parts for missing in part.missing),
        notes=tuple(note for part in parts for note in part.notes),
    )
