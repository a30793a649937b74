"""Every score with its interval: a row a dimension, in it a point a framework with its own shape, from 0 to 10.

Where there is no score there is no point: the line then says between which scores it would lie. A line that holds
unknown answers at their worst and best is dashed, for it is no interval of confidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from speedscore.report.charts.drawing import ROWS, document

_PIXELS_A_POINT, _PIXELS_A_ROW = 15, 12
_ROOM = 8.5
"""A line that ends beyond it leaves no room for a name behind it."""
BOUNDS = "bounds"
"""What ``sure`` says of a line that is no 95 % interval."""


def spec(titles: Sequence[str], *, frameworks: int) -> dict[str, Any]:
    """Of rows with ``dimension``, one of ``titles``, ``framework``, ``name``, ``score`` or null, ``low``, ``high``,
    ``sure`` and ``text``; so many ``frameworks`` share a row."""
    rows = alt.Chart().encode(
        y=alt.Y("dimension:N", title=None, sort=list(titles), axis=alt.Axis(ticks=False, domain=False, grid=True)),
        yOffset=alt.YOffset("framework:N", sort=None),
    )
    base = rows.encode(
        color=alt.Color("framework:N", legend=None),
        tooltip=[alt.Tooltip("name:N"), alt.Tooltip("dimension:N"), alt.Tooltip("text:N", title="score")],
    )
    scale = alt.Scale(domain=[0, 10], nice=False)
    lines = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", title="points", scale=scale),
        x2="high:Q",
        strokeDash=alt.condition(alt.datum.sure == BOUNDS, alt.value([3, 3]), alt.value([1, 0])),
    )
    points = (
        base.transform_filter("isValid(datum.score)")
        .mark_point(filled=True, size=75, opacity=1)
        .encode(x=alt.X("score:Q", scale=scale), shape=alt.Shape("framework:N", legend=None))
    )
    # Whose line is whose is said once, in the first row: behind the line, or above it where it leaves no room.
    first = rows.transform_filter(alt.datum.dimension == titles[0]).encode(x="high:Q", text="name:N")
    behind = first.transform_filter(alt.datum.high <= _ROOM).mark_text(align="left", dx=7)
    above = first.transform_filter(alt.datum.high > _ROOM).mark_text(align="right", dy=-8)
    height = len(titles) * (frameworks * _PIXELS_A_POINT + _PIXELS_A_ROW)
    return document(alt.layer(lines, points, behind, above, data=ROWS), height=height)
