"""What a view of the report is made of: tables, figures and sentences, as records that know nothing of HTML.

A view decides what is said; the page decides how it looks. Every text here may come from outside: it is cleaned once,
where the page is made, and escaped by the template. Nothing here computes.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from speedscore.host.fields import Scalar


class Cell(msgspec.Struct, frozen=True):
    """One cell of a table, or one value of a list."""

    text: str
    """As a person reads it."""
    value: float | None = None
    """The figure itself, unrounded: what is copied as CSV and what a column is sorted by; None for words."""
    detail: str = ""
    """The id of the detail that says where this comes from; empty where there is none."""
    url: str = ""
    """A page elsewhere; only ``http`` and ``https`` become a link."""
    page: str = ""
    """A page of the same site, by its path from this one."""
    series: str = ""
    """The framework whose colour and shape stand before the text."""
    note: str = ""
    """A second, quieter line."""


class Column(msgspec.Struct, frozen=True):
    """The head of a column."""

    title: str
    unit: str = ""
    """Of ``Cell.value``; it stands in the CSV's head."""
    numeric: bool = False
    """Right-aligned, and sorted by value."""
    meaning: str = ""
    """What the figure is, in a sentence."""


class Table(msgspec.Struct, frozen=True):
    """Rows that can be read, sorted, and copied with their sources."""

    id: str
    """Unique in the page: letters, digits and hyphens."""
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    lead: str = ""
    """A sentence above it: what to see."""
    notes: tuple[str, ...] = ()
    """Below it."""
    sources: tuple[str, ...] = ()
    """Where the figures come from; they go along when it is copied."""
    tags: dict[str, str] = {}
    """By filter (``device``, ``model``, ``phase``) the value under which the page shows it; without one, always."""
    folded: bool = False
    """Opened by the reader, because few need it."""

    def __post_init__(self) -> None:
        width = len(self.columns)
        if any(len(row) != width for row in self.rows):
            raise ValueError(f"table {self.id!r}: expected {width} cells in each row")


class Figure(msgspec.Struct, frozen=True):
    """A chart, and the rows that it draws."""

    id: str
    title: str
    spec: dict[str, Any]
    """Vega-Lite, whose data has the name ``rows``; without colours and fonts, which the theme gives."""
    columns: tuple[Column, ...]
    """Of the rows, in their order; ``fields`` are their names in the specification."""
    fields: tuple[str, ...]
    rows: tuple[tuple[Scalar, ...], ...]
    lead: str = ""
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    tags: dict[str, str] = {}

    def __post_init__(self) -> None:
        if len(self.fields) != len(self.columns) or any(len(row) != len(self.fields) for row in self.rows):
            raise ValueError(f"figure {self.id!r}: expected {len(self.fields)} values in each row, and as many columns")

    def values(self) -> list[dict[str, Scalar]]:
        """The rows as Vega-Lite reads them."""
        return [dict(zip(self.fields, row, strict=True)) for row in self.rows]


class Prose(msgspec.Struct, frozen=True):
    """Sentences under a heading; each item may lead to its detail."""

    id: str
    title: str
    items: tuple[Cell, ...]
    form: Literal["list", "paragraphs"] = "list"
    tags: dict[str, str] = {}


class Weights(msgspec.Struct, frozen=True):
    """The sliders: the page weighs the dimensions anew, and says when the order changes."""

    id: str
    title: str
    data: dict[str, Any]
    """What ``weights.js`` reads; see ``views.weighing``."""
    tags: dict[str, str] = {}


Block = Table | Figure | Prose | Weights


class View(msgspec.Struct, frozen=True):
    """One tab of the page."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    lead: str = ""
    filters: tuple[str, ...] = ()
    """Of ``device``, ``model`` and ``phase`` those that choose among its blocks."""


class DetailTable(msgspec.Struct, frozen=True):
    """A small table inside a detail."""

    title: str
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[Scalar, ...], ...] = ()
    figure: str = ""
    """The id of a figure in whose rows these stand, those of ``series``: a page holds no round twice. Columns and rows
    are then the figure's."""
    series: str = ""


class Detail(msgspec.Struct, frozen=True):
    """Where a number comes from: opened by one click, and it has an address of its own."""

    id: str
    """As in ``case:test_training[jax-mlp-cpu]``."""
    title: str
    entries: tuple[tuple[str, Cell], ...]
    """(name, what it is)."""
    tables: tuple[DetailTable, ...] = ()


class Report(msgspec.Struct, frozen=True):
    """Everything that the page holds."""

    title: str
    subtitle: str
    views: tuple[View, ...]
    details: tuple[Detail, ...]
    series: tuple[str, ...]
    """Frameworks in the order that gives each its colour and shape; hiding one changes nobody else's."""
    card: dict[str, Any]
    """The score card as JSON: the page recomputes from what programs read too."""
