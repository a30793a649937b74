"""A session's time: the share of it that each block gets, equal over the blocks that are left.

It reads only the clock that it is given, and ends nothing: a block's own deadline does.
"""

from __future__ import annotations

from speedscore.host.clock import Clock, seconds


class Budget:
    """Shares out what is left of a session's time, equally over the blocks that are left.

    What a block does not use is there for the later ones.
    """

    def __init__(self, total_seconds: float | None, *, blocks: int, clock: Clock = seconds) -> None:
        """None is a session without a limit. The time runs from now on."""
        self._clock = clock
        self._end_seconds = None if total_seconds is None else clock() + total_seconds
        self._blocks_left = blocks

    def next_deadline_seconds(self) -> float | None:
        """When the block that begins now should end, as a reading of the clock; None without a limit."""
        if self._end_seconds is None:
            return None
        now = self._clock()
        share = max(0.0, self._end_seconds - now) / max(1, self._blocks_left)
        self._blocks_left -= 1
        return now + share
