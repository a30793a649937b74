"""The tab of what is claimed: of speed, then published answers beside those measured here, and sources that disagree.

What is said of speed was judged before (``scoring.claims``). A published answer is confirmed where the points that it
would give and those that were measured differ by no more than the policy lets breakpoints shift: nobody claims to know
them better. Nothing else is judged here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from speedscore.report.blocks import Cell, Column, Table, View
from speedscore.report.content import Content
from speedscore.report.details.facts import fact_cell
from speedscore.report.details.sources import url_in
from speedscore.report.ecosystems import line_of_each
from speedscore.report.identifiers import fact_id, finding_id
from speedscore.report.views.claim_tables import claim_tables
from speedscore.scoring.cards import wording
from speedscore.scoring.findings.finding import Finding, Source
from speedscore.scoring.findings.topics import KnownFact
from speedscore.scoring.scores.score_card import ScoreCard


def view(content: Content) -> View | None:
    """None where nothing is published of any of the frameworks."""
    lines = line_of_each(content)
    blocks = tuple(block for block in _blocks(content, lines) if block.rows)
    if not blocks:
        return None
    return View(
        id="claims",
        title="Claims",
        lead="What is published, and what was measured here or is published elsewhere that confirms or contradicts it.",
        blocks=blocks,
    )


def _blocks(content: Content, lines: Mapping[str, str]) -> Iterator[Table]:
    cards = content.scores.cards
    yield from claim_tables(content, lines)
    yield Table(
        id="claims-measured",
        title="Published, and measured here",
        columns=(
            Column("Framework"),
            Column("Question"),
            Column("Published"),
            Column("gets", unit="points", numeric=True),
            Column("Measured here"),
            Column("gets", unit="points", numeric=True),
            Column("So it is"),
        ),
        rows=tuple(
            row
            for card in cards
            for finding in _findings(card)
            if finding.measured
            for row in _measured(card, finding, lines[card.framework], shift=content.rubric.policy.breakpoint_shift)
        ),
        notes=(
            "What is published and what is measured answer one question in two ways, which points make comparable. "
            f"Confirmed: the points differ by no more than {content.rubric.policy.breakpoint_shift:g}, by which the "
            "rubric's breakpoints may be wrong.",
        ),
        sources=content.sources,
    )
    yield Table(
        id="claims-beside",
        title="Published figures that differ",
        columns=(Column("Framework"), Column("Question"), Column("Answers"), Column("Beside it"), Column("From")),
        rows=tuple(
            (
                Cell(card.name, series=lines[card.framework]),
                Cell(finding.criterion.name, detail=finding_id(card.framework, finding.criterion.id)),
                Cell(
                    wording.value(finding),
                    value=finding.value,
                    detail=finding_id(card.framework, finding.criterion.id),
                    note=", ".join(map(wording.dated, finding.sources)),
                ),
                Cell(
                    wording.number(source.value),
                    value=source.value,
                    detail=finding_id(card.framework, finding.criterion.id),
                    note=wording.origin(source),
                ),
                _source_cell(source.text),
            )
            for card in cards
            for finding in _findings(card)
            if not finding.measured
            for source in finding.beside
        ),
        sources=content.sources,
    )
    yield _statements(content, lines)
    yield Table(
        id="claims-facts",
        title="Known, and in no score",
        columns=(Column("Framework"), Column("Fact"), Column("Value"), Column("Beside it"), Column("From")),
        rows=tuple(
            (
                Cell(card.name, series=lines[card.framework]),
                Cell(fact.name),
                fact_cell(card.framework, fact),
                _beside_cell(card.framework, fact),
                _source_cell(fact.source.text),
            )
            for card in cards
            for fact in (*(fact for answer in card.topics for fact in answer.facts), *card.other_facts)
        ),
        sources=content.sources,
    )


def _findings(card: ScoreCard) -> Iterator[Finding]:
    return (finding for dimension in card.dimensions for finding in dimension.findings)


def _measured(card: ScoreCard, finding: Finding, line: str, *, shift: float) -> Iterator[tuple[Cell, ...]]:
    """A row for the published answer that the measured one took the place of; none where there is none."""
    published = next((each for each in finding.candidates if not each.measured), None)
    if published is None or published.points is None or finding.points is None:
        return
    own = finding_id(card.framework, finding.criterion.id)
    apart = finding.points - published.points
    more = "more" if apart > 0 else "fewer"
    verdict = "confirmed" if abs(apart) <= shift else f"{more} points than published"
    yield (
        Cell(card.name, series=line),
        Cell(finding.criterion.name, detail=own, note=finding.criterion.question),
        Cell(
            wording.value(published),
            value=published.value,
            detail=own,
            note=", ".join(map(wording.dated, published.sources)),
        ),
        Cell(wording.score(published), value=published.points, detail=own),
        Cell(wording.value(finding), value=finding.value, detail=own, note=_text(finding.sources)),
        Cell(wording.score(finding), value=finding.points, detail=own),
        Cell(verdict, value=apart, detail=own),
    )


def _text(sources: tuple[Source, ...]) -> str:
    return "; ".join(source.text for source in sources)


def _beside_cell(framework: str, fact: KnownFact) -> Cell:
    figures = ", ".join(wording.amount(source.value, fact.unit) for source in fact.beside)
    return Cell(figures, detail=fact_id(framework, fact.key) if figures else "")


def _source_cell(text: str) -> Cell:
    return Cell(text, url=url_in(text))


def _statements(content: Content, lines: Mapping[str, str]) -> Table:
    """What sources say in words; what speaks against the line before it says so."""
    return Table(
        id="claims-statements",
        title="Said of them",
        columns=(Column("Framework"), Column("Topic"), Column("Statement"), Column("Kind and date"), Column("From")),
        rows=tuple(
            (
                Cell(card.name, series=lines[card.framework]),
                Cell(answer.topic.name, note="speaks against the one before it" if statement.contradicts else ""),
                Cell(statement.text),
                Cell(wording.dated(statement)),
                Cell(statement.source, url=url_in(statement.source), note=statement.method),
            )
            for card in content.scores.cards
            for answer in card.topics
            for statement in answer.statements
        ),
        sources=content.sources,
    )
