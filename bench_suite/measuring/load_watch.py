"""Watches, while the rounds of one process are taken, how much of the processors others use, and says when it was much.

What disturbs a process is known from outside alone, never from its own timings: to measure again what looks slow would
choose the figures. It reads counters before and after, and starts and repeats nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from speedscore.host.clock import Clock

DISTURBED_FROM = 0.1
"""Of the processors that a block uses: where others kept more than this share busy, on the average over a process's
rounds, the process was disturbed. A quiet machine's own work keeps well under it; one busy neighbour is more of up to
nine processors."""

_SHORTEST_SECONDS = 0.25
"""The system counts in hundredths of a second: of a shorter time its counters say little."""

OthersSeconds = Callable[[], float | None]
"""A counter of the processor seconds that others used; None where it is not known."""


def unknown_load() -> None:
    """The counter of a machine that does not tell."""
    return


class LoadWatch:
    """The load from its making on."""

    def __init__(self, others_seconds: OthersSeconds, *, clock: Clock) -> None:
        self._others_seconds = others_seconds
        self._clock = clock
        self._began_seconds = clock()
        self._others_began_seconds = others_seconds()

    def processors_busy(self) -> float | None:
        """How many processors others kept busy, on the average; None where it is not known, or too short a time."""
        passed_seconds = self._clock() - self._began_seconds
        others_end_seconds = self._others_seconds()
        if self._others_began_seconds is None or others_end_seconds is None or passed_seconds < _SHORTEST_SECONDS:
            return None
        return max(0.0, others_end_seconds - self._others_began_seconds) / passed_seconds


def is_disturbed(processors_busy: float | None, *, processors_used: int) -> bool:
    """True where others took more than ``DISTURBED_FROM`` of what the block uses; what is unknown disturbed nobody."""
    return processors_busy is not None and processors_busy > DISTURBED_FROM * processors_used
