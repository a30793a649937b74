"""The time that a program has taken after so many steps, compiling included: a line a framework.

Where two lines cross, the one that compiled for longer has caught up. Both axes are logarithmic.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from speedscore.report.charts import axes
from speedscore.report.charts.drawing import ROWS, document
from speedscore.report.charts.theme import framework_legend

_HEIGHT = 260


def spec(frameworks: Sequence[str], *, steps: str) -> dict[str, Any]:
    """Of rows with ``framework``, ``steps`` and ``seconds``; ``steps`` says what is counted."""
    base = alt.Chart().encode(
        x=axes.counts("steps", title=steps),
        y=axes.seconds_upwards("seconds", title="time since the start"),
    )
    lines = base.mark_line(strokeWidth=1.6).encode(color=alt.Color("framework:N", legend=framework_legend(frameworks)))
    points = base.mark_point(filled=True, size=45, opacity=1).encode(
        color=alt.Color("framework:N", legend=framework_legend(frameworks)),
        shape=alt.Shape("framework:N", legend=framework_legend(frameworks)),
        tooltip=["framework:N", "steps:Q", alt.Tooltip("seconds:Q", format=".4g")],
    )
    return document(alt.layer(lines, points, data=ROWS), height=_HEIGHT)
