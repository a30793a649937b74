"""The cards in words, side by side: what each dimension's score means, strengths, weaknesses, and when to take which.

Each sentence leads to the answer that it follows from. No sentence is made here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence

from speedscore.report.blocks import Cell, Column, Table
from speedscore.report.details.sources import line_cell
from speedscore.report.identifiers import dimension_id, finding_id
from speedscore.scoring.cards import unscored, wording
from speedscore.scoring.findings.finding import Finding
from speedscore.scoring.rubric.criterion import Criterion
from speedscore.scoring.rubric.topic import Section
from speedscore.scoring.scores.score_card import ScoreCard
from speedscore.scoring.scores.score_report import ScoreReport

_TEXTS: Mapping[Section, Callable[[Criterion], str]] = {
    "strengths": lambda criterion: criterion.strength,
    "weaknesses": lambda criterion: criterion.weakness,
    "best_for": lambda criterion: criterion.best_for,
    "avoid_if": lambda criterion: criterion.avoid_if,
}


def sentence_tables(report: ScoreReport, sources: tuple[str, ...]) -> Iterator[Table]:
    """A column a framework in each; the rows of one kind stand together, the weightiest sentence first."""
    verdicts = [
        (Cell(dimension.title), *(_verdict(card, place) for card in report.cards))
        for place, dimension in enumerate(report.cards[0].dimensions)
    ]
    titles = {section: title for title, section, _ in wording.titled_sentences(report.cards[0])}
    for name, title, rows in (
        ("verdicts", "What the scores mean", verdicts),
        ("strengths", "Strengths and weaknesses", _rows(report, titles, ("strengths", "weaknesses"))),
        ("advice", "When to take which", _rows(report, titles, ("best_for", "avoid_if"))),
    ):
        if rows:
            columns = (Column("What is said"), *(Column(card.name) for card in report.cards))
            yield Table(id=name, title=title, columns=columns, rows=tuple(rows), sources=sources)


def _rows(report: ScoreReport, titles: Mapping[Section, str], sections: tuple[Section, ...]) -> list[tuple[Cell, ...]]:
    return [
        (Cell(titles[section]), *(cell or Cell("") for cell in cells))
        for section in sections
        for cells in itertools.zip_longest(*(_sentences(card, section) for card in report.cards))
    ]


def _verdict(card: ScoreCard, place: int) -> Cell:
    dimension = card.dimensions[place]
    sentence = dimension.verdict or dimension.reason or "nothing that its answers bear out"
    return Cell(
        f"{wording.points(dimension.score)}: {sentence}",
        detail=dimension_id(card.framework, dimension.dimension),
    )


def _sentences(card: ScoreCard, section: Section) -> list[Cell]:
    own = next(sentences for _, name, sentences in wording.titled_sentences(card) if name == section)
    findings = [finding for dimension in card.dimensions for finding in dimension.findings if finding.known]
    cells = [Cell(sentence, detail=_origin(sentence, findings, _TEXTS[section])) for sentence in own]
    return cells + [line_cell(line) for line in unscored.of_sentences(card, section)]


def _origin(sentence: str, findings: Sequence[Finding], text: Callable[[Criterion], str]) -> str:
    """The answer that says it; of when to avoid something the sentence goes on with what to take instead."""
    return next(
        (
            finding_id(finding.framework, finding.criterion.id)
            for finding in findings
            if (own := text(finding.criterion)) and (sentence == own or sentence.startswith(f"{own} (take "))
        ),
        "",
    )
