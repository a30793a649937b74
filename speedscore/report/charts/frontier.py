"""Time against what is kept in memory: a point for each policy of recomputing, joined into one line a framework."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from speedscore.report.charts import axes
from speedscore.report.charts.drawing import ROWS, document
from speedscore.report.charts.theme import framework_legend

_HEIGHT = 260


def spec(frameworks: Sequence[str], *, largest: float) -> dict[str, Any]:
    """Of rows with ``framework``, ``policy``, ``seconds`` and ``bytes``, of which the largest is ``largest``."""
    base = alt.Chart().encode(
        x=axes.seconds("seconds", title="seconds per call"),
        y=axes.size_upwards("bytes", title="kept for the backward pass", largest=largest),
    )
    lines = base.mark_line(strokeWidth=1.5, opacity=0.6).encode(
        # Repeat the points' legend: Vega warns when layers disagree about having one.
        color=alt.Color("framework:N", legend=framework_legend(frameworks)),
        order="bytes:Q",
    )
    points = base.mark_point(filled=True, size=80, opacity=1).encode(
        color=alt.Color("framework:N", legend=framework_legend(frameworks)),
        shape=alt.Shape("framework:N", legend=framework_legend(frameworks)),
        tooltip=[
            "framework:N",
            "policy:N",
            alt.Tooltip("seconds:Q", format=".4g"),
            alt.Tooltip("bytes:Q", format=".4s"),
        ],
    )
    words = base.mark_text(dy=-12, style="figure").encode(text="policy:N")
    return document(alt.layer(lines, points, words, data=ROWS), height=_HEIGHT)
