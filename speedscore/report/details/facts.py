"""The details of facts that enter no score, and the lines in which a card tells of them."""

from __future__ import annotations

from collections.abc import Iterator

from speedscore.report.blocks import Cell, Detail
from speedscore.report.content import Content
from speedscore.report.details.sources import Entry, known_fact_entries, line_cell
from speedscore.report.identifiers import fact_id
from speedscore.report.libraries import layer_cards_of
from speedscore.scoring.cards import unscored, wording
from speedscore.scoring.findings.topics import KnownFact
from speedscore.scoring.rubric.topic import Section
from speedscore.scoring.scores.score_card import ScoreCard


def fact_details(content: Content) -> tuple[Detail, ...]:
    """Of every fact about a framework that no criterion asks for, and of all about the libraries."""
    made: dict[str, Detail] = {}
    for card in content.scores.cards:
        of_topics = (fact for answer in card.topics for fact in answer.facts)
        for fact in (*of_topics, *card.other_facts):
            made.setdefault(fact_id(card.framework, fact.key), _detail(card.framework, card.name, fact))
    for library in layer_cards_of(content):
        for fact in library.facts:
            made.setdefault(
                fact_id(library.layer.library, fact.key), _detail(library.layer.library, library.layer.name, fact)
            )
    return tuple(made.values())


def _detail(project: str, name: str, fact: KnownFact) -> Detail:
    return Detail(id=fact_id(project, fact.key), title=f"{name}: {fact.name}", entries=tuple(known_fact_entries(fact)))


def fact_cell(project: str, fact: KnownFact) -> Cell:
    """A fact's figure, which leads to its sources."""
    return Cell(
        wording.amount(fact.source.value, fact.unit),
        value=fact.source.value,
        detail=fact_id(project, fact.key),
        note=wording.origin(fact.source),
    )


def unscored_entries(card: ScoreCard, section: Section) -> Iterator[Entry]:
    """What is known in one section of a card, and in no score."""
    for answer in card.topics:
        if answer.topic.section == section:
            for fact in answer.facts:
                yield f"{fact.name} (in no score)", fact_cell(card.framework, fact)
            for line in unscored.of_statements([answer]):
                yield f"{answer.topic.name} (in no score)", line_cell(line)
