"""Achieved operations a second over arithmetic intensity, under the rate that a large matrix product reached there.

Williams, Waterman and Patterson, Roofline: an insightful visual performance model for multicore architectures, CACM 52
(4), 2009. The sloped part of the roof is the bandwidth of memory, which is drawn nowhere where nobody measured it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from speedscore.report.charts import axes
from speedscore.report.charts.drawing import ONCE, ROWS, document
from speedscore.report.charts.theme import framework_legend

_HEIGHT = 280


def spec(
    frameworks: Sequence[str], *, roof_flops_per_second: float | None, roof: str, lowest_intensity: float
) -> dict[str, Any]:
    """Of rows with ``framework``, ``model``, ``intensity`` and ``rate``. ``roof`` says what the roof is, above the
    lowest intensity of the rows; without a known roof none is drawn."""
    base = alt.Chart().encode(
        x=axes.plain("intensity", title="arithmetic intensity, FLOP per byte"),
        y=axes.rate_upwards("rate", title="achieved rate"),
    )
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        color=alt.Color("framework:N", legend=framework_legend(frameworks)),
        shape=alt.Shape("framework:N", legend=framework_legend(frameworks)),
        tooltip=[
            "framework:N",
            "model:N",
            alt.Tooltip("intensity:Q", format=".3g"),
            alt.Tooltip("rate:Q", format=".3s"),
        ],
    )
    # A name stands below its model's lowest point among those that are shown.
    names = (
        base.transform_aggregate(rate="min(rate)", intensity="max(intensity)", groupby=["model"])
        .mark_text(dy=15)
        .encode(text="model:N")
    )
    layers = [points, names]
    if roof_flops_per_second is not None:
        line = alt.Chart(ONCE).mark_rule(strokeWidth=2).encode(y=alt.datum(roof_flops_per_second))
        label = line.mark_text(align="left", dy=-8, dx=-12).encode(x=alt.datum(lowest_intensity), text=alt.value(roof))
        layers += [line, label]
    return document(alt.layer(*layers, data=ROWS), height=_HEIGHT)
