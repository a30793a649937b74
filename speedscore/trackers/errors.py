"""What goes wrong when a run is logged, said in one line. It needs no extra."""

from __future__ import annotations


class TrackerError(ValueError):
    """A run cannot be logged. The message names the tracker or the run, and what to do."""
