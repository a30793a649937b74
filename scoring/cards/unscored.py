"""What a card tells beside its scores, as lines that every form for people shows alike. It computes nothing.

A line is one fact or one statement with its kind, date and source. Where a topic has several, each after the first says
whether it speaks against those before it ("but") or adds to them ("also").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from speedscore.scoring.cards import wording
from speedscore.scoring.findings.finding import Source
from speedscore.scoring.findings.topics import DatedStatement, KnownFact, TopicAnswer
from speedscore.scoring.rubric.topic import Section
from speedscore.scoring.scores.score_card import ScoreCard

HEADING = "Known, and in no score"
OTHER_FACTS = "Other facts"


class Line(msgspec.Struct, frozen=True):
    """One fact or statement."""

    text: str
    origin: str
    """Kind, date and age."""
    source: str
    """Enough to find it again."""
    continues: bool = False
    """True where it belongs to the line before it."""


def of_section(card: ScoreCard, section: Section) -> list[Line]:
    """All that is told in one section, each under its topic's or its fact's name."""
    return [
        line
        for answer in card.topics
        if answer.topic.section == section
        for line in (*of_facts(answer.facts), *_named(answer))
    ]


def of_sentences(card: ScoreCard, section: Section) -> list[Line]:
    """The statements of a section whose heading says already what they are about.

    Stale ones are left out, as the stale answers of criteria give no sentences either.
    """
    return [
        _line(statement.text, statement)
        for answer in card.topics
        if answer.topic.section == section
        for statement in answer.statements
        if not statement.stale
    ]


def of_statements(answers: Iterable[TopicAnswer]) -> list[Line]:
    """The statements of all topics, each under its topic's name."""
    return [line for answer in answers for line in _named(answer)]


def of_facts(facts: Iterable[KnownFact]) -> Iterator[Line]:
    """Facts that nothing scores, and beside each those that say something else."""
    for fact in facts:
        for place, source in enumerate(fact.sources):
            figure = _figure(source, fact.unit)
            yield Line(
                text=f"beside it: {figure}" if place else f"{fact.name}: {figure}",
                origin=wording.dated(source),
                source=wording.footnote(source),
                continues=place > 0,
            )


def _figure(source: Source, unit: str) -> str:
    """The range that the source states, where it states one: what lies between its ends nobody said."""
    if source.low is not None and source.high is not None:
        return f"{wording.number(source.low)} to {wording.number(source.high)} {unit}"
    return wording.amount(source.value, unit)


def _named(answer: TopicAnswer) -> Iterator[Line]:
    for place, statement in enumerate(answer.statements):
        if statement.contradicts and (place or answer.facts):
            yield _line(f"but: {statement.text}", statement, continues=True)
        elif place:
            yield _line(f"also: {statement.text}", statement, continues=True)
        else:
            yield _line(f"{answer.topic.name}: {statement.text}", statement)


def _line(text: str, statement: DatedStatement, *, continues: bool = False) -> Line:
    return Line(text=text, origin=wording.dated(statement), source=statement.source, continues=continues)
