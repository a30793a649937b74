"""A case over many runs: a line a framework by date, with where its level changed and what gates said of it.

Machines never share a chart. A change is a vertical line with an arrow, so that it is told by more than its colour; a
gate's verdict is a ring around its point.
"""

from __future__ import annotations

from typing import Any

import altair as alt

from speedscore.report.charts import axes
from speedscore.report.charts.drawing import ROWS, document

_HEIGHT = 300


def spec(title: str, *, changes: bool, gates: bool) -> dict[str, Any]:
    """Of rows with ``framework``, ``series``, ``at``, ``seconds``, ``commit``, ``run``, ``change`` and ``gate``.

    The last two are empty where there was none. ``title`` says what is measured, ``changes`` and ``gates`` whether any
    row has one: Vega complains of a layer without rows.
    """
    dated = alt.Chart().encode(
        x=alt.X("at:T", title="measured on", axis=alt.Axis(labelOverlap=True, format="%d %b %Y", tickCount=8))
    )
    base = dated.encode(color=alt.Color("framework:N", legend=None))
    told = [
        "framework:N",
        alt.Tooltip("at:T", format="%Y-%m-%d %H:%M"),
        alt.Tooltip("seconds:Q", format=".4g"),
        "commit:N",
        "run:N",
        "change:N",
        "gate:N",
    ]
    values = axes.seconds_upwards("seconds", title=title)
    lines = base.mark_line(strokeWidth=1.5).encode(y=values, detail="series:N")
    points = base.mark_point(filled=True, size=36, opacity=1).encode(
        y=values, shape=alt.Shape("framework:N", legend=None), tooltip=told
    )
    changed = base.transform_filter(alt.datum.change != "")
    rules = changed.mark_rule(strokeDash=[4, 3], strokeWidth=1.5).encode(tooltip=told)
    # In the colour of text: a framework's own has too little contrast for words.
    words = (
        dated.transform_filter(alt.datum.change != "")
        .mark_text(align="left", dx=5, dy=-7, baseline="bottom", style="figure", fontWeight="bold")
        .encode(y=values, text="change:N", tooltip=told)
    )
    rings = (
        base.transform_filter(alt.datum.gate != "")
        .mark_point(filled=False, size=220, strokeWidth=2, shape="circle")
        .encode(y=values, tooltip=told)
    )
    layers = [lines, points, *([rules, words] if changes else []), *([rings] if gates else [])]
    return document(alt.layer(*layers, data=ROWS), height=_HEIGHT)
