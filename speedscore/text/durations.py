"""Durations as people write them: ``10m``. It reads no clock."""

from __future__ import annotations

import re

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
