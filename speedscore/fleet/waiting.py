"""How long machines are waited for: the limits, and of a fleet that opens, what is told and done meanwhile.

It keeps no time and speaks to nobody: whoever waits says what the time is and how the cluster stands.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import msgspec

from speedscore.fleet.wire import Standing
from speedscore.text.numbers import first_of

_TELL_SECONDS = 60.0
_KEEP_SECONDS = 60.0
"""So long, and at most three times as long, machines are kept while others are lacking: much longer than one takes to
start and is given back for, or two that wait for each other would go on exchanging what they hold."""
_MOST_NAMED = 3
_LARGEST_SHARE = 0.5
"""Of the time that is left: who waits longer for a machine has none to use it."""


class Patience(msgspec.Struct, frozen=True):
    """How long a fleet waits, in seconds. Each wait ends with a sentence that says what was waited for."""

    open_seconds: float = 180.0
    """For the first machine to answer, or for as many as were asked for."""
    held_seconds: float = 3600.0
    """The same, while the cluster has one that was asked and may still answer: most often another job holds it."""
    most_seconds: float = math.inf
    """For all of the opening, installations too: after that the machines that are here must do."""
    settle_seconds: float = 30.0
    """For the others, once those have."""
    device_seconds: float = 60.0
    """From the beginning of a run, for a machine with a device that none has had so far: it may register late."""
    stuck_seconds: float = 600.0
    """While nothing is being done, for a machine that is absent and may still come."""
    return_seconds: float = 60.0
    """While nothing is being done, for a machine that has gone to come back."""


def patience_within(left_seconds: float | None) -> Patience:
    """For whom no more time than that is left, of which most is for the work; None where there is no limit."""
    usual = Patience()
    if left_seconds is None:
        return usual
    return msgspec.structs.replace(
        usual, held_seconds=min(usual.held_seconds, left_seconds), most_seconds=_LARGEST_SHARE * left_seconds
    )


class Opening:
    """The wait of a fleet for its first machines."""

    def __init__(
        self, patience: Patience, *, at_least: int, began: float, draw: Callable[[], float] = random.random
    ) -> None:
        """``draw`` gives a number from 0 to 1 by chance."""
        self._patience = patience
        self._at_least = at_least
        self._began = began
        self._draw = draw
        self._tell_at = began + _TELL_SECONDS
        self._give_back_at: float | None = None

    def limit_seconds(self, standing: Standing) -> float:
        """When fewer machines than were asked for are an error."""
        limit = self._patience.open_seconds
        return max(limit, self._patience.held_seconds) if standing.is_awaited else limit

    def line(self, now: float, here: int, standing: Standing) -> str:
        """What is to be told now; empty where nothing is."""
        if now < self._tell_at:
            return ""
        self._tell_at = now + _TELL_SECONDS
        minutes = f"{(now - self._began) / 60:.0f} min so far"
        if here < self._at_least and self._at_least > 1:
            what = f"{self._at_least} machines, of which {here} {'has' if here == 1 else 'have'} answered"
        else:
            what = "the other machines" if here else "a machine"
        known = first_of(standing.absent, _MOST_NAMED, between="; ") or f"no {'other' if here else 'machine'} is known"
        return f"waiting for {what}, for {minutes}: {known}"

    def must_give_back(self, now: float, here: int, standing: Standing) -> bool:
        """Whether the machines that have answered are to be given back for a moment.

        Another that opens may have what is lacking here, and wait for what is held here. Both give back now and then,
        at times drawn by chance, and whoever asked before then has all.
        """
        if not 0 < here < self._at_least or not standing.is_awaited:
            self._give_back_at = None
        elif self._give_back_at is None:
            self._give_back_at = now + _KEEP_SECONDS * (1 + 2 * self._draw())
        elif now >= self._give_back_at:
            self._give_back_at = None
            return True
        return False
