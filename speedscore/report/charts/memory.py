"""Memory beside time: a point a framework, better the nearer it lies to the lower left corner.

One chart shows one definition of memory; figures of two definitions never share an axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from speedscore.report.charts import axes
from speedscore.report.charts.drawing import ROWS, document
from speedscore.report.charts.theme import framework_legend

_HEIGHT = 230


def spec(frameworks: Sequence[str], *, time: str, memory: str, largest: float) -> dict[str, Any]:
    """Of rows with ``framework``, ``seconds`` and ``bytes``, of which the largest is ``largest``; ``time`` and
    ``memory`` say what is on the axes."""
    points = (
        alt.Chart(ROWS)
        .mark_point(filled=True, size=90, opacity=1)
        .encode(
            x=axes.seconds("seconds", title=time),
            y=axes.size_upwards("bytes", title=memory, largest=largest),
            color=alt.Color("framework:N", legend=framework_legend(frameworks)),
            shape=alt.Shape("framework:N", legend=framework_legend(frameworks)),
            tooltip=["framework:N", alt.Tooltip("seconds:Q", format=".4g"), alt.Tooltip("bytes:Q", format=".4s")],
        )
    )
    return document(points, height=_HEIGHT)
