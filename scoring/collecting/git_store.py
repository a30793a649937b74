"""Git's store of a clone, asked so that it can only answer: what git prints, or one line why not.

Nothing here knows what is asked for.
"""

from __future__ import annotations

import datetime
from pathlib import Path

from speedscore.host.git import GitError, read_git
from speedscore.scoring.collecting.collected import CollectError


def read(folder: Path, *arguments: str) -> str:
    """What git prints. Raises CollectError with git's first line where it fails."""
    try:
        return read_git(folder, *arguments)
    except GitError as error:
        raise CollectError(f"{error}; --clone wants a git clone with its full history") from error


def try_read(folder: Path, *arguments: str) -> str:
    """What git prints, or nothing where it fails."""
    try:
        return read_git(folder, *arguments)
    except GitError:
        return ""


def moment_of(seconds: str) -> datetime.datetime | None:
    """The moment that git prints as seconds. None for what is no date: an empty text, a word, a year of five
    digits, and 0, which git prints for a date that it cannot read."""
    try:
        return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC) if int(seconds) > 0 else None
    except (ValueError, OverflowError, OSError):
        return None
