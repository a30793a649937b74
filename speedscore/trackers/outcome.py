"""What became of logging a run."""

from __future__ import annotations

import msgspec


class Outcome(msgspec.Struct, frozen=True):
    place: str
    """Where the tracker keeps it: a folder, or a URI without a name and a password."""
    is_new: bool
    """False where the same run was there already, and nothing was logged."""
