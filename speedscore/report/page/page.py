"""Puts a report into one HTML file: styles, scripts, the charts' JavaScript and all data are inside.

It decides nothing about what is shown, and lets no text through that is not escaped.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import zlib
from collections.abc import Sequence
from typing import Any

import vl_convert
from markupsafe import Markup

from speedscore.report.blocks import Block, Cell, Column, Detail, DetailTable, Figure, Report, Table, View
from speedscore.report.charts.drawing import vega_lite_version
from speedscore.report.charts.theme import colour, config, scales, shape
from speedscore.report.page.files import environment, read_text, styles
from speedscore.text.plain import plain

_SCRIPTS = ("state.js", "data.js", "details.js", "charts.js", "copying.js", "tables.js", "weights.js", "page.js")
"""In the order in which they stand in the page: later ones call what earlier ones declare."""
_MANY_ROWS = 15
"""More than these scroll under the head of their table."""
_MANY_SIGNS = 60
"""Of a text that needs a wide column to be read."""
_SVG_SHAPES = {
    "circle": "M6 1a5 5 0 1 0 .01 0z",
    "square": "M1.5 1.5h9v9h-9z",
    "triangle-up": "M6 1 11 10.5H1z",
    "diamond": "M6 .5 11.5 6 6 11.5.5 6z",
    "cross": "M4 1h4v3h3v4H8v3H4V8H1V4h3z",
    "triangle-down": "M6 11 1 1.500h10z",
    "triangle-right": "M1.500 1 11 6 1.500 11z",
}
"""By Vega's name of a shape its path in a box of twelve."""


def render(report: Report) -> str:
    """The page, as HTML that needs nothing else."""
    clean = plain(report)
    scripts = [read_text(f"scripts/{name}") for name in _SCRIPTS]
    # In a function of their own: the library's script leaves names of one letter behind.
    own = "\n".join(['(async () => {"use strict";', *scripts, "})();"])
    code = [Markup(_chart_library()), Markup(own)]
    return (
        environment()
        .get_template("page.html.jinja")
        .render(
            report=clean,
            styles=styles(),
            code=code,
            policy=_policy(code),
            data=_data(clean),
            kind=_kind,
            choices=_choices,
            safe_json=safe_json,
            is_link=_is_link,
            long=_MANY_ROWS,
            classes=_classes,
            marks=[(_SVG_SHAPES[shape(place)], colour(place)) for place, _ in enumerate(clean.series)],
            places={name: place for place, name in enumerate(clean.series)},
            details={detail.id: place for place, detail in enumerate(clean.details)},
        )
    )


@functools.cache
def _chart_library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script. That no text in it ends the script element is its bundler's care,
    and looked at once more here."""
    bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=vega_lite_version())
    return bundle.replace("</script", "<\\/script")


def _policy(code: list[Markup]) -> str:
    """No network, and of scripts only ours, by their hashes (Content Security Policy Level 3). Charts set styles."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in code
    )
    return f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:"


def _data(report: Report) -> str:
    """What the scripts read: JSON packed by zlib (RFC 1950), in base64. 50,000 rounds are 9 MB as JSON, and 2 so."""
    figures = [block for view in report.views for block in view.blocks if isinstance(block, Figure)]
    document = {
        "series": report.series,
        "scales": scales(report.series),
        "config": {"light": config("light"), "dark": config("dark")},
        "figures": {figure.id: _figure(figure) for figure in figures},
        "details": [_detail(detail) for detail in report.details],
    }
    return base64.b64encode(zlib.compress(_json(document).encode())).decode()


def safe_json(document: Any) -> Markup:
    """JSON for a script element of the type ``application/json``: without ``<``, ``>`` and ``&``."""
    text = _json(document)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def _json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "spec": figure.spec,
        "fields": figure.fields,
        "columns": _titles(figure.columns),
        "rows": figure.rows,
    }


def _detail(detail: Detail) -> dict[str, Any]:
    return {
        "id": detail.id,
        "title": detail.title,
        "entries": [[name, _cell(cell)] for name, cell in detail.entries],
        "tables": [_detail_table(table) for table in detail.tables],
    }


def _detail_table(table: DetailTable) -> dict[str, Any]:
    if table.figure:
        return {"title": table.title, "figure": table.figure, "series": table.series}
    return {"title": table.title, "columns": _titles(table.columns), "rows": table.rows}


def _titles(columns: Sequence[Column]) -> list[str]:
    return [f"{column.title} ({column.unit})" if column.unit else column.title for column in columns]


def _cell(cell: Cell) -> dict[str, str]:
    """Without what is empty: a page of 500 cases has thousands."""
    parts = {"text": cell.text, "detail": cell.detail, "url": cell.url if _is_link(cell.url) else "", "note": cell.note}
    return {name: value for name, value in parts.items() if value}


def _kind(block: Block) -> str:
    return type(block).__name__.lower()


def _choices(view: View, name: str) -> list[str]:
    """What a filter can be set to: the values of its blocks, in their order."""
    return list(dict.fromkeys(block.tags[name] for block in view.blocks if name in block.tags))


def _classes(table: Table) -> list[str]:
    """Of each column: how it is set."""
    return [
        "number" if column.numeric else "words" if any(_is_long(row[place]) for row in table.rows) else ""
        for place, column in enumerate(table.columns)
    ]


def _is_long(cell: Cell) -> bool:
    return max(len(cell.text), len(cell.note)) > _MANY_SIGNS


def _is_link(url: str) -> bool:
    """Whether it leads to a page: anything else, as ``javascript:``, stays text."""
    return url.startswith(("https://", "http://"))
