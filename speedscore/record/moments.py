"""The moments that a saved run names, in UTC. It reads no clock."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from speedscore.record.run_file import RunFileError


@lru_cache(maxsize=1024)
def utc(moment: str) -> datetime | None:
    """A moment of a saved run in UTC, without its zone; None for an empty text, which is a moment that is not known.

    Raises RunFileError for what is no date and time with a zone.
    """
    if not moment:
        return None
    try:
        parsed = datetime.fromisoformat(moment)
        if parsed.tzinfo is not None:
            return parsed.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        pass
    raise RunFileError(f"expected a date and time in ISO 8601 with a time zone, found {moment!r}")
