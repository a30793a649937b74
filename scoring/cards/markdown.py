"""The card as Markdown, for an issue, a pull request or a page: sections, lists and tables. It computes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from speedscore.scoring.cards import (
    claims_table,
    claims_wording,
    layer_cards,
    measured_wording,
    order_wording,
    unscored,
    wording,
)
from speedscore.scoring.scores.dimension_score import DimensionScore
from speedscore.scoring.scores.score_card import ScoreCard
from speedscore.scoring.scores.score_report import ScoreReport
from speedscore.text.markdown import escaped, markdown_table


def render(report: ScoreReport, *, width: int) -> str:  # noqa: ARG001
    """One section a framework, then the comparison, then what was measured; ``width`` means nothing here."""
    lines = [line for card in report.cards for line in (*_card(card, report), "")]
    lines += [line for layer in report.layers for line in (*layer_cards.in_markdown(layer, report), "")]
    if len(report.cards) > 1:
        lines += [
            *_comparison(report),
            "",
            *(f"- {escaped(sentence)}" for sentence in order_wording.firmness(report)),
            "",
        ]
    lines += _measured(report)
    return "\n".join(lines) + "\n"


def _card(card: ScoreCard, report: ScoreReport) -> Iterator[str]:
    score = f"Speed Score {wording.title_score(card)} / 10"
    yield f"## {escaped(card.name)}: {score}"
    yield ""
    yield escaped(wording.calculation(card))
    yield escaped(f"{wording.known_by(report)}.")
    yield from map(escaped, (*measured_wording.scored_variants(card), *measured_wording.other_variants(card)))
    remarks = (
        wording.dormancy(card, report),
        measured_wording.few_processes(card),
        wording.own_policy(report),
        wording.stale_remark(card, report),
    )
    yield from map(escaped, filter(None, remarks))
    for dimension in card.dimensions:
        score = "no score" if dimension.score is None else f"{wording.points(dimension.score)} / 10"
        yield ""
        sure = wording.interval(card.uncertainty.dimensions[dimension.dimension])
        yield f"### {escaped(dimension.title)}: {score} ({sure}; {wording.coverage(dimension)})"
        yield ""
        if beside := [scored for scored in card.beside if scored.dimension == dimension.dimension]:
            yield escaped(" · ".join(wording.headline(basis) for basis in (dimension, *beside)))
            yield ""
        if sentence := dimension.verdict or dimension.reason:
            yield escaped(sentence)
            yield ""
        yield from _findings(dimension)
        if lines := unscored.of_section(card, dimension.dimension):
            yield from ("", f"**{unscored.HEADING}**", "", *_unscored(lines))
    for title, section, sentences in wording.titled_sentences(card):
        said = unscored.of_sentences(card, section)
        if sentences or said:
            yield from ("", f"**{title}**", "", *(f"- {escaped(sentence)}" for sentence in sentences), *_unscored(said))
    yield from _layers(card)
    if card.other_facts:
        yield from ("", f"**{unscored.OTHER_FACTS}**", "", *_unscored(unscored.of_facts(card.other_facts)))
    if claims := claims_wording.about(report.claims, card.framework):
        yield from ("", f"### {claims_wording.HEADING}", "", *claims_table.in_markdown(claims))


def _unscored(lines: Iterable[unscored.Line]) -> Iterator[str]:
    for line in lines:
        indent = "  " if line.continues else ""
        yield f"{indent}- {escaped(f'{line.text} ({line.origin}: {line.source})')}"


def _findings(dimension: DimensionScore) -> list[str]:
    rows = []
    for finding in dimension.findings:
        for name, value, score, sources in wording.rows(finding):
            where = "; ".join(f"{wording.origin(source)}: {wording.footnote(source)}" for source in sources)
            rows.append((name.strip(), value, score, where))
        if remark := wording.remark(finding):
            last = rows.pop()
            rows.append((*last[:3], f"{last[3]} ({remark})" if last[3] else remark))
    return markdown_table(rows, headers=("Criterion", "Value", "Score", "From"))


def _layers(card: ScoreCard) -> Iterator[str]:
    why = unscored.of_sentences(card, "layers")
    if not card.layers and not why:
        return
    yield from ("", f"### {escaped(wording.layers_title(card))}", "")
    if why:
        yield from (*_unscored(why), "")
    if not card.layers:
        return
    rows = []
    for layer in card.layers:
        sources = dict.fromkeys(wording.footnote(fact.source) for fact in layer.facts)
        origin = ": ".join(part for part in (wording.layer_facts(layer), "; ".join(sources)) if part)
        rows.append((layer.name, layer.purpose, wording.grade(layer), origin))
    yield from markdown_table(rows, headers=("Library", "Purpose", "Maturity", "From"))
    yield ""
    yield from (f"- {escaped(sentence)}" for sentence in wording.grades(card))


def _comparison(report: ScoreReport) -> Iterator[str]:
    yield "## Side by side"
    yield ""
    rows = [("Speed Score", *map(wording.speed_score, report.cards))]
    for place, dimension in enumerate(report.cards[0].dimensions):
        rows.append((dimension.title, *(wording.with_coverage(card.dimensions[place]) for card in report.cards)))
    yield from markdown_table(rows, headers=("", *(card.name for card in report.cards)))


def _measured(report: ScoreReport) -> Iterator[str]:
    yield "## What was measured"
    yield ""
    yield from (f"- {escaped(sentence)}" for sentence in measured_wording.measured_sentences(report))
    if report.cells:
        names = list(dict.fromkeys(name for cell in report.cells for name in cell.standings))
        rows = [
            (
                title,
                *(measured_wording.standing(cell.standings.get(name)) for name in names),
            )
            for title, cell in measured_wording.titled_cells(report)
        ]
        yield ""
        yield from markdown_table(rows, headers=("Median", *names))
