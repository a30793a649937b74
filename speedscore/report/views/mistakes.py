"""The tab of what each framework says of a mistake, in its own first line, and of what else learning was asked of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.bench_suite.probes.table import NOTHING
from speedscore.report.blocks import Block, Cell, Column, Table, View
from speedscore.report.content import Content
from speedscore.report.probes import HeldProbe, probes_of
from speedscore.report.views.probe_tables import detail_of, family_tables, reason_of

_FAMILY = "mistake"


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
        yield _said(mistakes, list(dict.fromkeys(column.title for column in letters.columns[1:])), letters)
    for name, family in FAMILIES.items():
        if ".learning." in family.tables:
            yield from family_tables(name, held)


def _said(mistakes: Sequence[HeldProbe], frameworks: Sequence[str], letters: Table) -> Table:
    """A row a mistake: the outcome with the family's letters, and below it the first line of the message."""
    by_names = {(each.probe.subject, each.probe.framework): each for each in mistakes}
    rows = []
    for row in letters.rows:
        subject = row[0].text
        cells = [
            _cell(cell.text, by_names.get((subject, name))) for name, cell in zip(frameworks, row[1:], strict=True)
        ]
        rows.append((Cell(subject.replace("-", " ")), *cells))
    return Table(
        id="mistakes-said",
        title="What is said of each mistake",
        columns=(Column("Mistake"), *map(Column, frameworks)),
        rows=tuple(rows),
        notes=letters.notes,
        sources=letters.sources,
    )


def _cell(text: str, held: HeldProbe | None) -> Cell:
    if held is None or text == NOTHING:
        return Cell(text)
    return Cell(text, detail=detail_of(held), note=reason_of(held.probe))
