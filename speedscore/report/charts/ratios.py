"""How many times as long each took as the fastest, with its interval: a row a framework, on a logarithmic axis.

A factor of two is as wide everywhere on such an axis, upwards and downwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from speedscore.report.charts import axes
from speedscore.report.charts.drawing import ONCE, ROWS, document

_ROW = 38


def spec(frameworks: Sequence[str], *, values: Sequence[float]) -> dict[str, Any]:
    """Of rows with ``framework``, ``times``, ``low``, ``high`` and ``label``; ``low`` and ``high`` may be null.

    ``values`` are all numbers in them, for the ticks.
    """
    middle = (min(values) * max(values)) ** 0.5
    base = alt.Chart().encode(
        y=axes.rows(frameworks),
        x=axes.times("times", title="times as long as the fastest, with 95 % interval", values=values),
    )
    one = alt.Chart(ONCE).mark_rule(strokeDash=[3, 3]).encode(x=alt.datum(1))
    intervals = base.mark_rule(strokeWidth=2.5).encode(
        x="low:Q", x2="high:Q", color=alt.Color("framework:N", legend=None)
    )
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        color=alt.Color("framework:N", legend=None),
        shape=alt.Shape("framework:N", legend=None),
        tooltip=["framework:N", "label:N"],
    )
    # A label stands over its point and reaches towards the middle, where there is room.
    left = base.transform_filter(alt.datum.times <= middle).mark_text(dy=-12, dx=4, align="left")
    right = base.transform_filter(alt.datum.times > middle).mark_text(dy=-12, dx=-4, align="right")
    labels = [side.encode(text="label:N") for side in (left, right)]
    return document(alt.layer(one, intervals, points, *labels, data=ROWS), height=len(frameworks) * _ROW)
