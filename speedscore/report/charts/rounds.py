"""Every round of a group of cases as a point: a row a framework, in it a lane a process, on a logarithmic axis of time.

The figure of each framework stands across its row. Points are hollow, so that many in one place are still told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from speedscore.report.charts import axes
from speedscore.report.charts.drawing import ROWS, document

FIGURE = "figure"
"""What stands for the process in the row of a framework's figure, which is over all its processes."""
_LANE, _ROOM = 13, 15
"""Pixels: of a process's lane, and between two frameworks."""
_MOST_LANES = 5
"""More share the height of so many."""


def spec(title: str, *, frameworks: Sequence[str], processes: int) -> dict[str, Any]:
    """Of rows with ``framework``, ``seconds``, ``turn`` and ``process``. ``title`` says what a round is; ``frameworks``
    stand in their order."""
    lanes = _LANE * min(max(processes, 1), _MOST_LANES)
    base = alt.Chart().encode(x=axes.seconds("seconds", title=title), y=axes.rows(frameworks))
    points = (
        base.transform_filter(alt.datum.process != FIGURE)
        .mark_point(filled=False, size=34, strokeWidth=1.3, opacity=1)
        .encode(
            yOffset=alt.YOffset("process:N"),
            color=alt.Color("framework:N", legend=None),
            shape=alt.Shape("framework:N", legend=None),
            tooltip=["framework:N", alt.Tooltip("seconds:Q", format=".4g"), "turn:N", "process:N"],
        )
    )
    figures = (
        base.transform_filter(alt.datum.process == FIGURE)
        .mark_tick(orient="vertical", size=lanes + _ROOM - 5, thickness=2.5, opacity=1, style="figure")
        .encode(tooltip=["framework:N", alt.Tooltip("seconds:Q", format=".4g", title="figure, seconds")])
    )
    return document(alt.layer(figures, points, data=ROWS), height=len(frameworks) * (lanes + _ROOM))
