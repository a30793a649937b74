"""From a chart to the specification that page and pictures draw, and from a specification to a picture.

What all specifications have in common is set here. No colour is: ``theme`` has those.
"""

from __future__ import annotations

from typing import Any

import altair
import vl_convert

ROWS = altair.NamedData("rows")
"""The data of every chart: its figure's rows."""
ONCE = altair.sequence(1)
"""The data of a layer that is no row: of the rows it would be drawn over itself once for each."""


def document(chart: altair.TopLevelMixin, *, height: int) -> dict[str, Any]:
    """The specification, as wide as the room that it is given; checked by Altair against Vega-Lite's schema.

    ``height`` is that of the plot itself in pixels. It is a number even where rows could give it by steps: of a chart
    that fits its width and has steps Vega-Lite complains on the console (vega-lite pull request 8579).
    """
    made: dict[str, Any] = chart.to_dict()
    # Altair's own theme and the schema's address are not ours to ship.
    return {key: value for key, value in made.items() if key not in {"config", "$schema"}} | {
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
    }


def vega_lite_version() -> str:
    """The version that Altair writes for, as vl-convert names it; the newest it has, where it lacks that one."""
    wanted = ".".join(altair.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    known: list[str] = vl_convert.get_vegalite_versions()
    return wanted if wanted in known else known[-1]
