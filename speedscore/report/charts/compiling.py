"""The stages of compiling: a row a framework, in it a lane from empty caches and one from warm ones.

The axis is logarithmic, since a compiler takes anything from milliseconds to minutes; so stages stand beside each other
and are not stacked, and the whole time to the first step has a mark of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from speedscore.report.charts import axes
from speedscore.report.charts.drawing import ROWS, document
from speedscore.report.charts.theme import caches_scale, stage_scale

STAGES = {
    "optimizer_state_seconds": "optimizer",
    "trace_seconds": "tracing",
    "lower_seconds": "lowering",
    "backend_compile_seconds": "compiler",
    "first_step_seconds": "first step",
    "time_to_first_step_seconds": "all together",
}
"""Metric from empty caches → as the legend has it, in the order in which they happen."""
CACHES = ("empty caches", "warm caches")
_LANE, _ROOM = 17, 12


def spec(frameworks: Sequence[str], *, lanes: int) -> dict[str, Any]:
    """Of rows with ``framework``, ``caches``, ``stage`` and ``seconds``."""
    # Above and below: beside each other they would be too wide for a phone.
    above, below = (alt.Legend(title=None, orient=side, columns=3, symbolSize=60) for side in ("top", "bottom"))
    points = (
        alt.Chart(ROWS)
        .mark_point(filled=False, size=60, strokeWidth=1.6, opacity=1)
        .encode(
            x=axes.seconds("seconds", title="seconds of the stage"),
            y=axes.rows(frameworks),
            yOffset=alt.YOffset("caches:N", sort=list(CACHES)),
            shape=alt.Shape("stage:N", scale=stage_scale(list(STAGES.values())), legend=below),
            color=alt.Color("caches:N", scale=caches_scale(CACHES), legend=above),
            tooltip=["framework:N", "caches:N", "stage:N", alt.Tooltip("seconds:Q", format=".4g")],
        )
    )
    return document(points, height=len(frameworks) * (_LANE * lanes + _ROOM))
