"""How wide cards are on a terminal, in characters."""

from __future__ import annotations

MINIMUM_WIDTH = 70
"""Below this the tables' words would be cut into letters."""
_WIDEST = 160
"""Beyond it lines are too long to be read, however wide the terminal is."""


def readable(width: int) -> int:
    """The width, or the nearest one in which a card can be read."""
    return min(max(width, MINIMUM_WIDTH), _WIDEST)
