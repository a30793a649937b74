"""One comment, however often a gate runs: found again by its marker and its author, and changed instead of posted anew.

A comment that begins with the marker and is somebody else's is left alone: whoever wrote it could change it again, into
a verdict that nobody drew.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import msgspec


class Comment(msgspec.Struct, frozen=True):
    id: int
    text: str
    author: str
    """As the host names who wrote it."""
    is_by_bot: bool = False
    """Whether the host says that no person did."""


class Thread(Protocol):
    """The comments under one pull request. All of it raises PostingError."""

    def comments(self) -> Iterator[Comment]:
        """The oldest first."""

    def is_ours(self, comment: Comment) -> bool:
        """Whether who has the token wrote it."""

    def add(self, text: str) -> str:
        """Post it, and return its address."""

    def change(self, comment: Comment, text: str) -> str:
        """Put ``text`` in its place, and return its address."""


def put(thread: Thread, text: str) -> str:
    """Change the comment whose first line is that of ``text``, or add it where there is none. Returns what was done,
    with the address."""
    marker = text.partition("\n")[0]
    for comment in thread.comments():
        if comment.text.partition("\n")[0].rstrip() == marker and thread.is_ours(comment):
            return f"changed {thread.change(comment, text)}"
    return f"posted {thread.add(text)}"
