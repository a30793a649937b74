"""The time of one block: when its rounds must end so that every launch of workers has its share.

A launch is one process of the cells whose workers live at the same time: it is prepared, takes its rounds and ends.
Without a deadline everything here says that there is time. It measures no figure, and reads only the clock it is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from speedscore.host.clock import Clock


class Deadline:
    """Shares out a block's time over its launches, by the longest preparing that was seen so far."""

    def __init__(self, end_seconds: float | None, *, launches: int, clock: Clock) -> None:
        """``end_seconds`` is a reading of ``clock``; None is a block without a limit."""
        self._end_seconds = end_seconds
        self._launches_left = launches
        self._clock = clock
        self._preparing_seconds = 0.0

    @property
    def is_over(self) -> bool:
        left_seconds = self._left_seconds()
        return left_seconds is not None and left_seconds <= 0

    def count_launch(self) -> bool:
        """Call this before each launch. False where the time left is shorter than preparing took before."""
        self._launches_left -= 1
        left_seconds = self._left_seconds()
        return left_seconds is None or left_seconds >= self._preparing_seconds

    def has_time_for_one_more(self) -> bool:
        """True where a launch that was not counted upon can be prepared, and all later ones too."""
        left_seconds = self._left_seconds()
        return left_seconds is None or left_seconds > (1 + self._launches_left) * self._preparing_seconds

    @contextmanager
    def preparing(self) -> Iterator[None]:
        """Around the preparing of one launch's workers: later launches are taken to need as long."""
        started = self._clock()
        yield
        self._preparing_seconds = max(self._preparing_seconds, self._clock() - started)

    def rounds_end_seconds(self) -> float | None:
        """When rounds that begin now must end, so that later launches can be prepared and have as much time for theirs.

        A reading of the clock; None without a limit.
        """
        left_seconds = self._left_seconds()
        if left_seconds is None:
            return None
        later = self._launches_left
        return self._clock() + max(0.0, left_seconds - later * self._preparing_seconds) / (later + 1)

    def _left_seconds(self) -> float | None:
        return None if self._end_seconds is None else self._end_seconds - self._clock()
