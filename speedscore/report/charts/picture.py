"""A figure of the report as a picture of its own: the same specification, on white, as wide as a column or a page.

vl-convert draws it with the fonts that it carries; in an SVG, text stays text in a common font of the same widths. The
page draws the same specifications by itself and does not come here.
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeGuard

import vl_convert

from speedscore.report.blocks import Figure
from speedscore.report.charts import theme
from speedscore.report.charts.drawing import vega_lite_version

PIXELS_PER_INCH = 96
"""Of an SVG, by CSS; so the sizes in a specification are the ones of the page."""
PNG_PIXELS_PER_INCH = 300
_POINTS_PER_INCH = 72
"""What vl-convert takes a specification's pixels for."""
_CHARACTER = 6.6
"""Pixels that a character of the title takes on the average."""


def specification(figure: Figure, series: Sequence[str], *, width_inches: float) -> dict[str, Any]:
    """The figure with its rows, colours, title and sources: all that a drawer needs. ``series`` are all frameworks of
    the report, so that each has the colour and shape that it has there."""
    frameworks = dict.fromkeys(str(row["framework"]) for row in figure.values() if row.get("framework"))
    # On the page a legend stands above all charts; here each chart needs one, unless its rows are named on an axis.
    legend = None if _names_frameworks(figure.spec) else theme.framework_legend(list(frameworks))
    scaled: dict[str, Any] = with_scales(figure.spec, theme.scales(series), legend=legend)
    width = round(width_inches * PIXELS_PER_INCH)
    return scaled | {
        "datasets": {"rows": figure.values()},
        "width": width,
        "padding": 4,
        "title": {
            "text": textwrap.wrap(figure.title, round(width / _CHARACTER)),
            "subtitle": textwrap.wrap(_source_line(figure), round(width / _CHARACTER * 1.25)),
            "frame": "bounds",
            "anchor": "start",
        },
        "config": theme.print_config(),
    }


def with_scales(node: Any, scales: dict[str, Any], *, legend: dict[str, Any] | None = None) -> Any:
    """``node`` with the theme's scale in every encoding of a framework's colour or shape, as ``charts.js`` does; and
    with ``legend`` there, where it is given."""
    if isinstance(node, list):
        return [with_scales(item, scales, legend=legend) for item in node]
    if not isinstance(node, dict):
        return node
    copy = {key: with_scales(value, scales, legend=legend) for key, value in node.items()}
    for channel in ("color", "shape"):
        if _is_framework(encoding := copy.get(channel)):
            copy[channel] = encoding | {"scale": scales[channel]} | ({"legend": legend} if legend else {})
    return copy


def _is_framework(encoding: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(encoding, dict) and encoding.get("field") == "framework"


def _names_frameworks(node: Any) -> bool:
    """Whether an axis or a legend of its own says which mark is whose."""
    if isinstance(node, list):
        return any(map(_names_frameworks, node))
    if not isinstance(node, dict):
        return False
    on_axis = any(_is_framework(node.get(channel)) for channel in ("x", "y"))
    marks = [encoding for channel in ("color", "shape") if _is_framework(encoding := node.get(channel))]
    in_legend = any(encoding.get("legend") for encoding in marks)
    return on_axis or in_legend or any(map(_names_frameworks, node.values()))


def svg(spec: dict[str, Any], *, title: str, description: str) -> str:
    """The picture, with a title and a description for those who do not see it."""
    drawn: str = vl_convert.vegalite_to_svg(spec, vl_version=vega_lite_version())
    head, tag, rest = drawn.partition(">")
    return f"{head}{tag}<title>{html.escape(title)}</title><desc>{html.escape(description)}</desc>{rest}"


def png(spec: dict[str, Any]) -> bytes:
    """The picture at 300 pixels an inch, which stand in it too."""
    drawn: bytes = vl_convert.vegalite_to_png(
        spec,
        vl_version=vega_lite_version(),
        scale=_POINTS_PER_INCH / PIXELS_PER_INCH,
        ppi=PNG_PIXELS_PER_INCH,
    )
    return drawn


def _source_line(figure: Figure) -> str:
    names = ", ".join(Path(source).name for source in figure.sources)
    return f"speedscore, from {names}" if names else "speedscore"
