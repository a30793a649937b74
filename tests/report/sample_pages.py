"""Small pages for tests of what every page can do, made of blocks by hand; and texts that would like to be more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from speedscore.report.blocks import Cell, Column, Detail, DetailTable, Figure, Prose, Report, Table, View

HOSTILE = (
    "<script>window.hacked = 1</script>",
    '"><img src=x onerror="window.hacked = 1">',
    "</script><script>window.hacked = 1</script><!--<script>",
    "</title></style></textarea><svg onload=window.hacked=1>",
    "' onmouseover='window.hacked=1' autofocus onfocus='window.hacked=1",
    "javascript:window.hacked=1",
    "{{ cycler.__init__.__globals__ }} {% raw %} ${hacked}",
    "&lt;b&gt; &amp; &#x3c;script&#x3e;",
    "\u202eturned round\u202c, \x00 nothing, \x1b[31m red, \ud800 half",
    "=cmd|' /C calc'!A0",
    "@here",
    "+1 -1 | `code` *bold* _it_ [link](https://example.org) ~gone~ # head > quote \\ back",
    "two\nlines\r\nand\u2028more",
    "long " * 2_000,
)

SPEC: dict[str, Any] = {
    "data": {"name": "rows"},
    "mark": "point",
    "width": "container",
    "height": 80,
    "autosize": {"type": "fit-x", "contains": "padding"},
    "encoding": {
        "x": {"field": "seconds", "type": "quantitative"},
        "y": {"field": "framework", "type": "nominal"},
        "color": {"field": "framework", "type": "nominal", "legend": None},
        "shape": {"field": "framework", "type": "nominal", "legend": None},
    },
}


def sample_table(name: str = "many", *, rows: int = 40, folded: bool = False) -> Table:
    """Rows of alpha and beta by turns, with a figure that has a detail, a link and a note."""
    return Table(
        id=name,
        title=f"Table {name}",
        columns=(Column("Case"), Column("Time", unit="s", numeric=True, meaning="of a step"), Column("Where")),
        rows=tuple(
            (
                Cell(f"case-{place}", series=("alpha", "beta")[place % 2]),
                Cell(f"{place * 7 % 11} s", value=float(place * 7 % 11), detail=f"case:{place % 2}", note="of 3"),
                Cell("source", url="https://example.org/a?b=1&c=2"),
            )
            for place in range(rows)
        ),
        lead="What there is.",
        notes=("A note.",),
        sources=("run.json", "https://example.org/source"),
        tags={"model": "mlp"},
        folded=folded,
    )


def sample_figure(name: str = "drawn", *, model: str = "mlp", texts: Sequence[str] = ("alpha", "beta")) -> Figure:
    return Figure(
        id=name,
        title=f"Figure {name}",
        spec=SPEC,
        columns=(Column("framework"), Column("seconds", unit="s", numeric=True)),
        fields=("framework", "seconds"),
        rows=tuple((text, 0.5 + place) for place, text in enumerate(texts)),
        lead="What to see.",
        sources=("run.json",),
        tags={"model": model},
    )


def sample_page() -> Report:
    """Two views: one with filters, a long table, a folded one and two charts, and one of sentences."""
    details = tuple(
        Detail(
            id=f"case:{place}",
            title=f"Case {place}",
            entries=(("pytest id", Cell("test_a[b]")), ("other", Cell("the other", detail=f"case:{1 - place}"))),
            tables=(
                DetailTable("Rounds", (Column("seconds", unit="s"),), tuple((0.25 * each,) for each in range(60))),
            ),
        )
        for place in range(2)
    )
    first = View(
        id="first",
        title="First",
        blocks=(
            sample_table(),
            sample_figure(),
            sample_figure("other", model="gpt"),
            sample_table("fold", folded=True),
        ),
        filters=("model",),
    )
    said = (Cell("a sentence", detail="case:0"), Cell("another", url="https://example.org"), Cell("a third"))
    second = View(id="second", title="Second", blocks=(Prose(id="words", title="Words", items=said),))
    return Report(
        title="A page",
        subtitle="of two frameworks",
        views=(first, second),
        details=details,
        series=("alpha", "beta"),
        card={},
    )


def hostile_page(texts: Sequence[str] = HOSTILE) -> Report:
    """Every text stands wherever a text of the outside may stand."""
    everything = " ".join(text[:200] for text in texts)
    cells = tuple(Cell(text, url=text, detail=text, series=text, note=text) for text in texts)
    table = Table(
        id="table",
        title=everything,
        columns=(Column(everything, unit=everything, meaning=everything), Column(everything)),
        rows=tuple((cell, Cell(cell.text)) for cell in cells),
        lead=everything,
        notes=tuple(texts),
        sources=tuple(texts),
        tags={"model": everything},
    )
    links = tuple(Cell(text, url=text) for text in texts)
    return Report(
        title=everything,
        subtitle=everything,
        views=(
            View(
                id="first",
                title=everything,
                lead=everything,
                blocks=(
                    table,
                    sample_figure(texts=texts, model=everything),
                    Prose(id="list", title=everything, items=cells),
                    Prose(id="paragraphs", title=everything, items=links, form="paragraphs"),
                ),
                filters=("model",),
            ),
        ),
        details=tuple(
            Detail(
                id=text,
                title=text,
                entries=((text, cell), (text, link)),
                tables=(DetailTable(text, (Column(text),), ((text,),)),),
            )
            for text, cell, link in zip(texts, cells, links, strict=True)
        ),
        series=tuple(texts),
        card={"text": list(texts)},
    )


def write_sample(path: Path, report: Report) -> Path:
    """The page of ``report`` as a file."""
    from speedscore.report.page.page import render

    path.write_text(render(report), encoding="utf-8")
    return path
