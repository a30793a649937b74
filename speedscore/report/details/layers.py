"""The details of libraries: each limit of the grades beside what is known, what would change that, and the facts."""

from __future__ import annotations

from collections.abc import Iterator

from speedscore.report.blocks import Cell, Column, Detail, DetailTable
from speedscore.report.content import Content
from speedscore.report.details.facts import fact_cell
from speedscore.report.details.sources import Entry, line_cell
from speedscore.report.identifiers import layer_id
from speedscore.report.libraries import layer_cards_of
from speedscore.scoring.cards import layer_cards, unscored, wording
from speedscore.scoring.scores.layer_card import LayerCard


def layer_details(content: Content) -> tuple[Detail, ...]:
    """Of every library that stands on a framework with a card, and of each fact about it."""
    return tuple(_detail(card) for card in layer_cards_of(content))


def _detail(card: LayerCard) -> Detail:
    return Detail(
        id=layer_id(card.layer.library),
        title=f"{card.layer.name}: {layer_cards.title(card)}",
        entries=tuple(_entries(card)),
        tables=(_limits(card),),
    )


def _entries(card: LayerCard) -> Iterator[Entry]:
    yield "What it is", Cell(layer_cards.about(card), note=layer_cards.why_no_score(card))
    for sentence in layer_cards.grade_and_limits(card):
        yield "Maturity", Cell(sentence)
    for sentence in layer_cards.changes_of_grade(card):
        yield "What would change it", Cell(sentence)
    for line in map(layer_cards.measured_line, card.lines):
        yield "Measured", Cell(line)
    for fact in card.facts:
        yield fact.name, fact_cell(card.layer.library, fact)
    for said in unscored.of_statements(card.topics):
        yield "Said of it", line_cell(said)


def _limits(card: LayerCard) -> DetailTable:
    return DetailTable(
        title="Grades, the best first",
        columns=(Column("grade"), Column("asks for"), Column("at least"), Column("has")),
        rows=tuple(
            (
                grade.grade,
                limit.name,
                wording.amount(limit.least, limit.unit),
                "unknown" if limit.value is None else wording.amount(limit.value, limit.unit),
            )
            for grade in card.grades
            for limit in grade.limits
        ),
    )
