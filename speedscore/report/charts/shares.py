"""What each score rests on: of a dimension's weight the share that was measured here, is published, stale or unknown.

A bar a framework in each dimension, in the framework's colour: the stronger the colour the better the evidence. The
parts stand in that order in every bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from speedscore.report.charts.drawing import ROWS, document
from speedscore.report.charts.theme import GREY, framework_legend

KINDS = {"measured here": 1.0, "published": 0.55, "stale": 0.3, "unknown": 0.08}
"""What answers → how opaque it is drawn; in the order of a bar."""
_PIXELS_A_BAR, _PIXELS_A_ROW = 15, 12


def spec(titles: Sequence[str], *, frameworks: Sequence[str]) -> dict[str, Any]:
    """Of rows with ``dimension``, one of ``titles``, ``framework``, ``name``, ``kind``, one of ``KINDS``, ``start`` and
    ``end`` in per cent of the weight; these ``frameworks`` share a row."""
    kinds = list(KINDS)
    base = alt.Chart().encode(
        y=alt.Y("dimension:N", title=None, sort=list(titles), axis=alt.Axis(ticks=False, domain=False)),
        yOffset=alt.YOffset("framework:N", sort=None),
        x=alt.X(
            "start:Q",
            title="% of the dimension's weight",
            scale=alt.Scale(domain=[0, 100]),
            # Lines would show through what is drawn weakly, and divide it.
            axis=alt.Axis(grid=False),
        ),
        x2="end:Q",
        tooltip=[
            alt.Tooltip("name:N"),
            alt.Tooltip("dimension:N"),
            alt.Tooltip("kind:N"),
            alt.Tooltip("share:Q", format=".0f"),
        ],
    )
    bars = base.mark_bar().encode(
        color=alt.Color("framework:N", legend=framework_legend(frameworks)),
        opacity=alt.Opacity(
            "kind:N",
            sort=kinds,
            # Of its own accord a scale of opacity would be continuous.
            scale=alt.Scale(type="ordinal", domain=kinds, range=list(KINDS.values())),
            legend=alt.Legend(
                title=None, orient="top", columns=2, symbolType="square", symbolFillColor=GREY, symbolStrokeWidth=0
            ),
        ),
    )
    height = len(titles) * (len(frameworks) * _PIXELS_A_BAR + _PIXELS_A_ROW)
    return document(alt.layer(bars, data=ROWS), height=height)
