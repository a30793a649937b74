"""The tab of the libraries that stand on the frameworks: how mature each is, why, and what would change that."""

from __future__ import annotations

from speedscore.report.blocks import Cell, Column, Table, View
from speedscore.report.content import Content
from speedscore.report.details.facts import fact_cell
from speedscore.report.details.sources import line_cell
from speedscore.report.identifiers import layer_id
from speedscore.report.libraries import layer_cards_of
from speedscore.scoring.cards import layer_cards, unscored, wording
from speedscore.scoring.scores.layer_card import LayerCard
from speedscore.text.numbers import NO_FIGURE


def view(content: Content) -> View | None:
    """None where no library stands on any of the frameworks."""
    cards = layer_cards_of(content)
    if not cards:
        return None
    facts = {fact.key: fact.name for card in cards for fact in card.layer.facts}
    grades = {grade.grade: grade.reason for card in cards for grade in card.grades}
    blocks = [
        Table(
            id="libraries",
            title="How mature the libraries are",
            columns=(
                Column("Library"),
                Column("Stands on"),
                Column("Purpose"),
                Column("Maturity"),
                Column("What would change it"),
                *(Column(name, numeric=True) for name in facts.values()),
            ),
            rows=tuple(_row(card, list(facts)) for card in cards),
            notes=tuple(f"{grade}: {reason}" for grade, reason in grades.items()),
            sources=content.sources,
        )
    ]
    said = [(card, line) for card in cards for line in unscored.of_statements(card.topics)]
    if said:
        blocks.append(
            Table(
                id="libraries-said",
                title="Said of them",
                columns=(Column("Library"), Column("Statement")),
                rows=tuple((Cell(card.layer.name), line_cell(line)) for card, line in said),
                sources=content.sources,
            )
        )
    lines = [(card, line) for card in cards for line in card.lines]
    if lines:
        blocks.append(
            Table(
                id="libraries-measured",
                title="Their lines of the matrix",
                columns=(Column("Library"), Column("Measured"), Column("Times as fast", numeric=True)),
                rows=tuple(
                    (
                        Cell(card.layer.name, series=line.line),
                        Cell(layer_cards.measured_line(line), detail=layer_id(card.layer.library)),
                        Cell(
                            NO_FIGURE if line.times_as_fast is None else wording.number(line.times_as_fast),
                            value=line.times_as_fast,
                            detail=layer_id(card.layer.library),
                        ),
                    )
                    for card, line in lines
                ),
                sources=content.sources,
            )
        )
    return View(id="layers", title="Layers", blocks=tuple(blocks))


def _row(card: LayerCard, keys: list[str]) -> tuple[Cell, ...]:
    known = {fact.key: fact for fact in card.layer.facts}
    return (
        Cell(card.layer.name, detail=layer_id(card.layer.library)),
        Cell(", ".join(card.stands_on.values())),
        Cell(card.layer.purpose),
        Cell(
            wording.grade(card.layer),
            detail=layer_id(card.layer.library),
            note="" if card.layer.grade else card.layer.reason,
        ),
        Cell("; ".join(layer_cards.changes_of_grade(card)) or "nothing that is known"),
        *(fact_cell(card.layer.library, known[key]) if key in known else Cell("unknown") for key in keys),
    )
