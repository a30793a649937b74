"""Achieved operations a second over arithmetic intensity, under the rate that a large matrix product reached there.

Williams, Waterman and Patterson, Roofline: an insightful visual performance model for multicore architectures, CACM 52
(4), 2009. The sloped part of the roof is the bandwidth of memory, which is drawn nowhere where nobody measured it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from speedscore.report.charts import axes
from speedscore.report.charts.drawing import ROWS, document
from speedscore.report.charts.theme import framework_legend

ROOF = "roof"
_HEIGHT = 280


def spec(frameworks: Sequence[str], *, roof: str) -> dict[str, Any]:
    """Of rows with ``framework``, ``model``, ``intensity`` and ``rate``. In the row of the roof the framework is null
    and the model is ``ROOF``, at the lowest intensity; ``roof`` says what it is."""
    base = alt.Chart().encode(
        x=axes.plain("intensity", title="arithmetic intensity, FLOP per byte"),
        y=axes.rate_upwards("rate", title="achieved rate"),
    )
    is_roof = alt.datum.model == ROOF
    points = (
        base.transform_filter(alt.datum.model != ROOF)
        .mark_point(filled=True, size=70, opacity=1)
        .encode(
            color=alt.Color("framework:N", legend=framework_legend(frameworks)),
            shape=alt.Shape("framework:N", legend=framework_legend(frameworks)),
            tooltip=[
                "framework:N",
                "model:N",
                alt.Tooltip("intensity:Q", format=".3g"),
                alt.Tooltip("rate:Q", format=".3s"),
            ],
        )
    )
    # A name stands below its model's lowest point among those that are shown.
    names = (
        base.transform_filter(alt.datum.model != ROOF)
        .transform_aggregate(rate="min(rate)", intensity="max(intensity)", groupby=["model"])
        .mark_text(dy=15)
        .encode(text="model:N")
    )
    line = alt.Chart().transform_filter(is_roof).mark_rule(strokeWidth=2).encode(y=alt.Y("rate:Q"))
    label = base.transform_filter(is_roof).mark_text(align="left", dy=-8, dx=-12).encode(text=alt.value(roof))
    return document(alt.layer(line, label, points, names, data=ROWS), height=_HEIGHT)
