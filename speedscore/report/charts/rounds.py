"""Every round of a group of cases as a point: a row a framework, a shape a framework, time on a logarithmic axis."""

from __future__ import annotations

from typing import Any

import altair as alt

from speedscore.report.charts.drawing import ROWS, document


def spec(title: str) -> dict[str, Any]:
    """Of rows with ``framework``, ``seconds`` and ``process``. ``title`` says what a round is."""
    return document(
        alt.Chart(ROWS)
        .mark_point(filled=True, opacity=0.6)
        .encode(
            x=alt.X("seconds:Q", title=title, scale=alt.Scale(type="log", nice=False), axis=alt.Axis(format="~s")),
            y=alt.Y("framework:N", title=None, sort=None),
            yOffset=alt.YOffset("process:N"),
            color=alt.Color("framework:N", legend=None),
            shape=alt.Shape("framework:N", legend=None),
            tooltip=["framework:N", alt.Tooltip("seconds:Q", format=".4s"), "process:N"],
        )
    )
