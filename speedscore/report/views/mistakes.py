"""The tab of what each framework says of a mistake, in its own first line, and of what else learning was asked of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.bench_suite.probes.table import NOTHING
from speedscore.report.blocks import Block, Cell, Column, Table, View
from speedscore.report.content import Content
from speedscore.report.probes import HeldProbe, probes_of
from speedscore.report.probes import mistakes as corpus
from speedscore.report.views.probe_tables import detail_of, family_tables, reason_of

_FAMILY = "mistake"
_LONGEST_LINE = 300
"""Characters; the detail has all of it."""


def view(content: Content) -> View | None:
    """None where nothing of it was asked."""
    held = probes_of(content)
    blocks = tuple(_blocks(held))
    return View(id="mistakes", title="Mistakes", blocks=blocks) if blocks else None


def _blocks(held: Sequence[HeldProbe]) -> Iterator[Block]:
    mistakes = [each for each in held if each.probe.family == _FAMILY]
    made = family_tables(_FAMILY, held)
    if made:
        counts, letters = made
        yield counts
        yield _matrix(mistakes, letters)
        yield _said(mistakes, sources=letters.sources)
    for name, family in FAMILIES.items():
        if ".learning." in family.tables:
            yield from family_tables(name, held)


def _matrix(mistakes: Sequence[HeldProbe], letters: Table) -> Table:
    """The family's own table, under the mistakes' titles; each outcome leads to its probe."""
    by_names = {(each.probe.subject, each.probe.framework): detail_of(each) for each in mistakes}
    frameworks = [column.title for column in letters.columns[1:]]
    rows = []
    for head, *cells in letters.rows:
        linked = (
            Cell(cell.text, detail=by_names.get((head.text, name), "") if cell.text != NOTHING else "")
            for name, cell in zip(frameworks, cells, strict=True)
        )
        rows.append((_mistake(head.text), *linked))
    return Table(
        id="mistakes-matrix",
        title="What came of each mistake",
        columns=(Column("Mistake"), *map(Column, frameworks)),
        rows=tuple(rows),
        notes=letters.notes,
        sources=letters.sources,
    )


def _said(mistakes: Sequence[HeldProbe], *, sources: tuple[str, ...]) -> Table:
    """A row an answer, those to one mistake together."""
    return Table(
        id="mistakes-said",
        title="What each framework says",
        columns=(Column("Mistake"), Column("Framework"), Column("Outcome"), Column("First line of what it says")),
        rows=tuple(
            (
                _mistake(each.probe.subject),
                Cell(each.probe.framework, series=each.probe.framework),
                Cell(each.probe.outcome or each.probe.status, detail=detail_of(each)),
                Cell(reason_of(each.probe, longest=_LONGEST_LINE) or "nothing"),
            )
            for each in sorted(mistakes, key=lambda each: each.probe.subject)
        ),
        sources=sources,
    )


def _mistake(subject: str) -> Cell:
    about = corpus().get(subject)
    return Cell(about.title if about else subject, note=subject if about else "")
