"""Colours, shapes and type of every chart: a framework keeps its colour and its shape, whatever is hidden.

Each colour has a contrast of at least 3:1 against the page in light and in dark (WCAG 2.2, 1.4.11), and no two
frameworks share both colour and shape. Nothing here draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

COLOURS = (
    "#2f80ed",
    "#d9690d",
    "#1a9e55",
    "#a45ee5",
    "#e0457b",
    "#0e93a0",
    "#9b7a10",
    "#7a818c",
)
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")
"""All of them surfaces, which are seen filled and hollow alike."""
_LEGEND_WIDTH, _SYMBOL_WIDTH, _LETTER_WIDTH = 300, 24, 7
"""Pixels: what a phone has beside an axis, and what an entry of a legend takes."""
GREY = COLOURS[-1]
"""For what is of no framework."""
Scheme = Literal["light", "dark"]
INK: dict[Scheme, dict[str, str]] = {
    "light": {"text": "#1c2430", "quiet": "#566070", "grid": "#dfe3e8", "page": "#ffffff"},
    "dark": {"text": "#e6e9ee", "quiet": "#a3acb9", "grid": "#333b47", "page": "#12161c"},
}
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif"
_PRINT_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
"""The first is what vl-convert carries; the others are as wide, so that a viewer's font changes no line."""


def colour(place: int) -> str:
    """Of the framework at that place in the report's order."""
    return COLOURS[place % len(COLOURS)]


def shape(place: int) -> str:
    """7 shapes and 8 colours have no common factor, so that 56 frameworks differ."""
    return SHAPES[place % len(SHAPES)]


def scales(series: Sequence[str]) -> dict[str, Any]:
    """The domains and ranges of colour and shape for all of ``series``, as Vega-Lite's scales."""
    return {
        "color": {"domain": list(series), "range": [colour(place) for place, _ in enumerate(series)]},
        "shape": {"domain": list(series), "range": [shape(place) for place, _ in enumerate(series)]},
    }


def framework_legend(frameworks: Sequence[str]) -> Any:
    """A legend below the chart that names these alone; for charts whose rows do not name them."""
    longest = max(map(len, frameworks), default=0)
    columns = max(1, _LEGEND_WIDTH // (_SYMBOL_WIDTH + _LETTER_WIDTH * longest))
    return {"title": None, "orient": "bottom", "columns": columns, "values": list(frameworks), "symbolSize": 60}


def stage_scale(stages: Sequence[str]) -> Any:
    """A shape a stage of compiling; the last, which is all of them together, is a bar."""
    shapes = ("triangle-down", "circle", "triangle-up", "square", "diamond", "stroke")
    return {"domain": list(stages), "range": list(shapes[: len(stages)])}


def caches_scale(caches: Sequence[str]) -> Any:
    """A colour for each; the lane tells them apart as well."""
    return {"domain": list(caches), "range": [COLOURS[0], COLOURS[1]]}


def config(scheme: Scheme) -> dict[str, Any]:
    """Vega-Lite's ``config`` for a page in light or in dark."""
    ink = INK[scheme]
    return {
        "background": "transparent",
        "font": _FONT,
        "view": {"stroke": None},
        "axis": {
            "labelColor": ink["text"],
            "titleColor": ink["quiet"],
            "gridColor": ink["grid"],
            "domainColor": ink["quiet"],
            "tickColor": ink["quiet"],
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "labelLimit": 260,
        },
        "legend": {"labelColor": ink["text"], "titleColor": ink["quiet"], "labelFontSize": 12, "titleFontSize": 12},
        "header": {"labelColor": ink["text"], "titleColor": ink["quiet"], "labelFontSize": 12},
        "title": {"color": ink["text"], "subtitleColor": ink["quiet"], "fontSize": 13, "anchor": "start"},
        "text": {"color": ink["text"], "fontSize": 11},
        "rule": {"color": ink["quiet"]},
        "tick": {"color": ink["quiet"]},
        "point": {"filled": True, "size": 55},
        "style": {"figure": {"color": ink["text"]}},
    }


def print_config() -> dict[str, Any]:
    """The light one for pictures on white paper, with type of 8 points at 96 pixels an inch."""
    made = config("light")
    return made | {
        "background": INK["light"]["page"],
        "font": _PRINT_FONT,
        "axis": made["axis"] | {"labelFontSize": 11, "titleFontSize": 11},
        "legend": made["legend"] | {"labelFontSize": 11, "titleFontSize": 11},
        "title": made["title"] | {"fontSize": 12, "subtitleFontSize": 9, "offset": 8},
    }
