"""Frameworks' scores side by side, as wide as there is room for: a row for each dimension and one for the Speed Score.

It is the table of the short card and of a session's end, and computes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from speedscore.scoring.scores.score_card import ScoreCard
from speedscore.text.tables import GAP, plain_table
from speedscore.text.wrapping import shortened

UNKNOWN = "unknown"
_LONGEST_NAME = 24
"""Characters at the head of a column; the card's title has the whole name."""


def side_by_side(
    cards: Sequence[ScoreCard],
    *,
    snapshot: str,
    width: int,
    first: ScoreCard | None = None,
) -> list[str]:
    """Lines of a table with a column for each card; those that find no room are counted below.

    ``snapshot`` is the month (YYYY-MM) by which the facts were known. ``first``, one of ``cards``, gets the first
    column.
    """
    others = [card for card in cards if first is None or card.framework != first.framework]
    columns = [_column(card) for card in ([first] if first else [])]
    labels = [f"Known by {snapshot}", *(dimension.title for dimension in cards[0].dimensions), "Speed Score"]
    left = width - max(map(len, labels)) - sum(map(_room, columns))
    shown = 0
    for card in others:
        column = _column(card)
        left -= _room(column)
        if left < 0 and columns:
            break
        columns.append(column)
        shown += 1
    lines = plain_table(list(zip(labels, *columns, strict=True)))
    if hidden := len(others) - shown:
        lines.append(f"No room here for {hidden} more; --full and a wider terminal show them.")
    return lines


def _column(card: ScoreCard) -> list[str]:
    interval = card.uncertainty.speed_score
    whole = f"{interval.low:.1f}–{interval.high:.1f}" if card.speed_score is None else f"{card.speed_score:.2f}"
    scores = (UNKNOWN if dimension.score is None else f"{dimension.score:.1f}" for dimension in card.dimensions)
    return [shortened(card.name, _LONGEST_NAME), *scores, whole]


def _room(column: Sequence[str]) -> int:
    return max(map(len, column)) + GAP
