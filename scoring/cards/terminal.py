"""The card for a terminal: plain text tables, never wider than asked. It computes nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TypeVar

from speedscore.scoring.cards import (
    claims_table,
    claims_wording,
    layer_cards,
    measured_wording,
    order_wording,
    unscored,
    wording,
)
from speedscore.scoring.cards.widths import MINIMUM_WIDTH
from speedscore.scoring.scores.dimension_score import DimensionScore
from speedscore.scoring.scores.score_card import ScoreCard
from speedscore.scoring.scores.score_report import ScoreReport
from speedscore.text.plain import plain
from speedscore.text.tables import GAP, Footnotes, table
from speedscore.text.wrapping import ends_apart

_T = TypeVar("_T")

_NAME_WIDTH, _VALUE_WIDTH, _SCORE_WIDTH = 25, 17, 7
_LIBRARY_WIDTH, _PURPOSE_WIDTH, _GRADE_WIDTH = 12, 22, 15


def render(report: ScoreReport, *, width: int) -> str:
    """One card a framework, then the frameworks side by side, then what was measured."""
    report = plain(report)
    width = max(width, MINIMUM_WIDTH)
    parts = [line for card in report.cards for line in (*_card(card, report, width), "")]
    parts += [line for layer in report.layers for line in (*layer_cards.full(layer, report, width), "")]
    if len(report.cards) > 1:
        parts += [*_comparison(report, width), *_firmness(report, width), ""]
    parts += _measured(report, width)
    return "\n".join(line.rstrip() for line in parts) + "\n"


def _card(card: ScoreCard, report: ScoreReport, width: int) -> Iterator[str]:
    score = f"Speed Score {wording.title_score(card)} / 10"
    yield "=" * width
    yield from ends_apart(card.name, score, width=width)
    yield "=" * width
    yield from textwrap.wrap(wording.calculation(card), width)
    yield from textwrap.wrap(f"{wording.known_by(report)}; a number in brackets is a source.", width)
    remarks = (
        wording.dormancy(card, report),
        *measured_wording.scored_variants(card),
        *measured_wording.other_variants(card),
        measured_wording.few_processes(card),
        wording.own_policy(report),
        wording.stale_remark(card, report),
    )
    for remark in filter(None, remarks):
        # Indented, so that a name that somebody else gave cannot make a title of itself.
        yield from textwrap.wrap(remark, width, subsequent_indent="  ", break_on_hyphens=False)
    footnotes = Footnotes()
    for dimension in card.dimensions:
        yield ""
        yield from _dimension(dimension, card, footnotes, width)
        yield from _unscored(unscored.HEADING, unscored.of_section(card, dimension.dimension), footnotes, width)
    yield from _sentences(card, footnotes, width)
    yield from _layers(card, footnotes, width)
    yield from _unscored(unscored.OTHER_FACTS, list(unscored.of_facts(card.other_facts)), footnotes, width)
    if claims := claims_wording.about(report.claims, card.framework):
        yield from ("", claims_wording.HEADING, *claims_table.in_terminal(claims, footnotes, width))
    if footnotes:
        yield from ("", "Sources", *footnotes.lines(width))


def _dimension(dimension: DimensionScore, card: ScoreCard, footnotes: Footnotes, width: int) -> Iterator[str]:
    score = "no score" if dimension.score is None else f"{wording.points(dimension.score)} / 10"
    left = f"{dimension.title.upper()}  {score}  ({wording.interval(card.uncertainty.dimensions[dimension.dimension])})"
    yield from ends_apart(left, wording.coverage(dimension), width=width)
    if sentence := dimension.verdict or dimension.reason:
        yield from textwrap.wrap(sentence, width)
    if beside := [scored for scored in card.beside if scored.dimension == dimension.dimension]:
        headlines = " · ".join(wording.headline(scored) for scored in (dimension, *beside))
        yield from textwrap.wrap(f"{dimension.title}: {headlines}", width)
    origin_width = width - _NAME_WIDTH - _VALUE_WIDTH - _SCORE_WIDTH - 3 * GAP
    rows = []
    for finding in dimension.findings:
        for name, value, score, sources in wording.rows(finding):
            where = "; ".join(wording.origin(source) for source in sources)
            marks = footnotes.mark([wording.footnote(source) for source in sources])
            # A score in brackets reaches one place further to the right, so that the points stand in line.
            aligned = f"{score:>{6 if score.endswith(')') else 5}}"
            rows.append((name, value, aligned, f"{where} {marks}".strip()))
        if remark := wording.remark(finding):
            last = rows.pop()
            rows.append((*last[:3], f"{last[3]} ({remark})" if last[3] else remark))
    yield from table(
        rows,
        headers=("Criterion", "Value", "Score", "From"),
        widths=(_NAME_WIDTH, _VALUE_WIDTH, _SCORE_WIDTH, origin_width),
    )


def _unscored(heading: str, lines: Sequence[unscored.Line], footnotes: Footnotes, width: int) -> Iterator[str]:
    """The lines under their heading, after a blank one; nothing where there are none."""
    if lines:
        yield from ("", heading)
    for line in lines:
        indent = "    " if line.continues else "  "
        yield from textwrap.wrap(
            _with_source(line, footnotes),
            width,
            initial_indent=indent,
            subsequent_indent=f"{indent}  ",
            break_on_hyphens=False,
        )


def _with_source(line: unscored.Line, footnotes: Footnotes) -> str:
    return f"{line.text} ({line.origin} {footnotes.mark([line.source])})"


def _sentences(card: ScoreCard, footnotes: Footnotes, width: int) -> Iterator[str]:
    for title, section, sentences in wording.titled_sentences(card):
        said = [_with_source(line, footnotes) for line in unscored.of_sentences(card, section)]
        if sentences or said:
            yield ""
            yield title
        for sentence in (*sentences, *said):
            yield from textwrap.wrap(sentence, width, initial_indent="  - ", subsequent_indent="    ")


def _layers(card: ScoreCard, footnotes: Footnotes, width: int) -> Iterator[str]:
    why = unscored.of_sentences(card, "layers")
    if not card.layers and not why:
        return
    yield from ("", wording.layers_title(card))
    for line in why:
        yield from textwrap.wrap(_with_source(line, footnotes), width, subsequent_indent="  ")
    if not card.layers:
        return
    rows = []
    for layer in card.layers:
        marks = footnotes.mark([wording.footnote(fact.source) for fact in layer.facts])
        rows.append((layer.name, layer.purpose, wording.grade(layer), f"{wording.layer_facts(layer)} {marks}".strip()))
    yield from table(
        rows,
        headers=("Library", "Purpose", "Maturity", "From"),
        widths=(
            _LIBRARY_WIDTH,
            _PURPOSE_WIDTH,
            _GRADE_WIDTH,
            width - _LIBRARY_WIDTH - _PURPOSE_WIDTH - _GRADE_WIDTH - 3 * GAP,
        ),
    )
    for sentence in wording.grades(card):
        yield from textwrap.wrap(sentence, width, subsequent_indent="  ")


def _comparison(report: ScoreReport, width: int) -> Iterator[str]:
    yield "=" * width
    yield f"Side by side, facts known by {report.snapshot}; in brackets the coverage"
    yield "=" * width
    for cards in _in_columns(report.cards, width):
        rows = [("Speed Score", *map(wording.speed_score, cards))]
        for place, dimension in enumerate(report.cards[0].dimensions):
            rows.append((dimension.title, *(wording.with_coverage(card.dimensions[place]) for card in cards)))
            bases = dict.fromkeys(
                scored.basis for card in cards for scored in card.beside if scored.dimension == dimension.dimension
            )
            for basis in bases:
                matches_by_card = [
                    [
                        scored
                        for scored in card.beside
                        if (scored.dimension, scored.basis) == (dimension.dimension, basis)
                    ]
                    for card in cards
                ]
                rows.append(
                    (
                        f"  {basis}",
                        *(wording.with_coverage(matches[0]) if matches else "as above" for matches in matches_by_card),
                    )
                )
        column = min(20, (width - _NAME_WIDTH) // len(cards) - 2)
        yield from table(
            rows, headers=("", *(card.name for card in cards)), widths=(_NAME_WIDTH, *(column for _ in cards))
        )


def _firmness(report: ScoreReport, width: int) -> Iterator[str]:
    for sentence in order_wording.firmness(report):
        yield from textwrap.wrap(sentence, width, subsequent_indent="  ", break_on_hyphens=False)


def _measured(report: ScoreReport, width: int) -> Iterator[str]:
    for sentence in measured_wording.measured_sentences(report):
        yield from textwrap.wrap(sentence, width, break_on_hyphens=False, subsequent_indent="  ")
    if not report.cells:
        return
    yield ""
    yield from textwrap.wrap(
        "Medians of all rounds; each framework is scored as the one variant that its card names.", width
    )
    names = list(dict.fromkeys(name for cell in report.cells for name in cell.standings))
    for chunk in _in_columns(names, width):
        rows = [
            (
                title,
                *(measured_wording.standing(cell.standings.get(name)) for name in chunk),
            )
            for title, cell in measured_wording.titled_cells(report)
        ]
        column = min(30, (width - _NAME_WIDTH) // len(chunk) - 2)
        yield from table(rows, headers=("Case", *chunk), widths=(_NAME_WIDTH, *(column for _ in chunk)))


def _in_columns(items: Sequence[_T], width: int) -> Iterator[Sequence[_T]]:
    column_count = max(1, (width - _NAME_WIDTH) // 18)
    for start in range(0, len(items), column_count):
        yield items[start : start + column_count]
