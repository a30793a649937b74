"""A session's time: ``10m`` as seconds, and the share of it that each block gets. It never reads a clock of its own."""

from __future__ import annotations

from speedscore.host.clock import seconds


class Budget:
    """Shares out what is left of a session's time, equally over the blocks that are left.

    What a block does not use is there for the later ones.
    """

    def __init__(self, total_seconds: float | None, *, blocks: int) -> None:
        """None is a session without a limit. The time runs from now on."""
        self._end_seconds = None if total_seconds is None else seconds() + total_seconds
        self._blocks_left = blocks

    def next_deadline_seconds(self) -> float | None:
        """When the block that begins now should end; None without a limit."""
        if self._end_seconds is None:
            return None
        now = seconds()
        share = max(0.0, self._end_seconds - now) / max(1, self._blocks_left)
        self._blocks_left -= 1
        return now + share
