"""A session's time: ``10m`` as seconds, and the share of it that each block gets. It never reads a clock of its own."""

from __future__ import annotations

import re

from bench_suite.measuring.timing import seconds

_UNIT_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration(text: str) -> float:
    """Seconds of ``90s``, ``10m``, ``1.5h`` or ``1h30m``; a number alone is seconds.

    Raises ValueError for anything else, and for no time at all.
    """
    cleaned = text.strip().lower()
    parts = re.findall(r"(\d+(?:\.\d+)?)([smh])", cleaned)
    whole = "".join(number + unit for number, unit in parts)
    if re.fullmatch(r"\d+(\.\d+)?", cleaned):
        total = float(cleaned)
    elif parts and whole == cleaned:
        total = sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)
    else:
        raise ValueError(f"expected a duration such as 90s, 10m or 1h30m, found {text!r}")
    if not 0 < total < float("inf"):
        raise ValueError(f"expected some time, found {text!r}")
    return total


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
