"""The virtual clock: how durations that a worker measured reach pytest-benchmark through its public ``timer`` option.

pytest-benchmark reads a timer before and after each round. This one stands at zero until a measured round is played
back, reads that round's seconds once, and stands at zero again: the difference is the worker's figure to the last bit,
which a clock that kept adding up could not promise. It never looks at real time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class VirtualClock:
    """A stopwatch that is advanced by hand."""

    def __init__(self) -> None:
        self._passed_seconds = 0.0

    def read(self) -> float:
        """Seconds that have passed since the last reading, which sets the clock back to zero."""
        passed_seconds, self._passed_seconds = self._passed_seconds, 0.0
        return passed_seconds

    def player(self, rounds_seconds: Iterable[float]) -> Replay:
        """What pytest-benchmark calls in place of the work: each call lets one measured round pass."""
        return Replay(self, iter(rounds_seconds))

    def advance(self, seconds: float) -> None:
        """Let time pass. Raises ValueError for a duration that is not positive and finite."""
        if not 0.0 < seconds < float("inf"):
            raise ValueError(f"a round of {seconds!r} seconds cannot be played back; a measured round takes time")
        self._passed_seconds += seconds


class Replay:
    """Plays measured rounds back, one a call.

    Further calls let no time pass: pytest-benchmark makes one under ``--benchmark-cprofile``.
    """

    def __init__(self, clock: VirtualClock, rounds_seconds: Iterator[float]) -> None:
        self._clock = clock
        self._rounds_seconds = rounds_seconds

    def __call__(self) -> None:
        for round_seconds in self._rounds_seconds:
            self._clock.advance(round_seconds)
            return
