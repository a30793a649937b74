"""The card for a terminal: plain text tables, never wider than asked. It computes nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TypeVar

from tabulate import tabulate

from scoring.cards import wording
from scoring.findings import Source
from scoring.scores import DimensionScore, Report, ScoreCard

_T = TypeVar("_T")

MINIMUM_WIDTH = 70
"""Below this the tables' words would be cut into letters."""

_NAME_WIDTH, _VALUE_WIDTH, _SCORE_WIDTH = 25, 17, 7
_GAPS = 6
"""Two blanks between each of four columns."""


class _Footnotes:
    """Numbers each source once for a card."""

    def __init__(self) -> None:
        self.texts: dict[str, int] = {}

    def mark(self, sources: Sequence[Source]) -> str:
        places = [self.texts.setdefault(wording.footnote(source), len(self.texts) + 1) for source in sources]
        return "".join(f"[{place}]" for place in dict.fromkeys(places))


def render(report: Report, *, width: int) -> str:
    """One card a framework, then the frameworks side by side, then what was measured."""
    width = max(width, MINIMUM_WIDTH)
    parts = [line for card in report.cards for line in (*_card(card, report, width), "")]
    if len(report.cards) > 1:
        parts += [*_comparison(report, width), ""]
    parts += _measured(report, width)
    return "\n".join(line.rstrip() for line in parts) + "\n"


def _card(card: ScoreCard, report: Report, width: int) -> Iterator[str]:
    score = f"Speed Score {wording.title_score(card)} / 10"
    yield "=" * width
    yield f"{card.name}{score:>{width - len(card.name)}}"
    yield "=" * width
    yield from textwrap.wrap(wording.calculation(card), width)
    yield from textwrap.wrap(
        f"Facts known by {report.snapshot}, rubric version {report.rubric_version}; a number in brackets is a source.",
        width,
    )
    footnotes = _Footnotes()
    for dimension in card.dimensions:
        yield ""
        yield from _dimension(dimension, card, footnotes, width)
    yield from _sentences(card, width)
    if footnotes.texts:
        yield ""
        yield "Sources"
        for text, place in footnotes.texts.items():
            yield from textwrap.wrap(
                text, width, break_on_hyphens=False, initial_indent=f"{f'[{place}]':>5} ", subsequent_indent=" " * 6
            )


def _dimension(dimension: DimensionScore, card: ScoreCard, footnotes: _Footnotes, width: int) -> Iterator[str]:
    score = "no score" if dimension.score is None else f"{wording.points(dimension.score)} / 10"
    left = f"{dimension.title.upper()}  {score}"
    yield f"{left}{wording.coverage(dimension):>{width - len(left)}}"
    if dimension.reason:
        yield from textwrap.wrap(dimension.reason, width)
    if beside := [other for other in card.beside if other.dimension == dimension.dimension]:
        said = " · ".join(wording.headline(each) for each in (dimension, *beside))
        yield from textwrap.wrap(f"{dimension.title}: {said}", width)
    origin_width = width - _NAME_WIDTH - _VALUE_WIDTH - _SCORE_WIDTH - _GAPS
    rows = []
    for finding in dimension.findings:
        for name, value, score, sources in wording.rows(finding):
            where = "; ".join(wording.origin(source) for source in sources)
            rows.append((name, value, f"{score:>5}", f"{where} {footnotes.mark(sources)}".strip()))
        if remark := finding.reason or finding.note:
            last = rows.pop()
            rows.append((*last[:3], f"{last[3]} ({remark})" if last[3] else remark))
    yield from _table(
        rows,
        headers=("Criterion", "Value", "Score", "From"),
        widths=(_NAME_WIDTH, _VALUE_WIDTH, _SCORE_WIDTH, origin_width),
    )


def _sentences(card: ScoreCard, width: int) -> Iterator[str]:
    for title, said in (
        ("Strengths", card.strengths),
        ("Weaknesses", card.weaknesses),
        ("Best for", card.best_for),
        ("Avoid if", card.avoid_if),
    ):
        if said:
            yield ""
            yield title
            for sentence in said:
                yield from textwrap.wrap(sentence, width, initial_indent="  - ", subsequent_indent="    ")


def _comparison(report: Report, width: int) -> Iterator[str]:
    yield "=" * width
    yield f"Side by side, facts known by {report.snapshot}; in brackets the coverage"
    yield "=" * width
    for cards in _in_columns(report.cards, width):
        rows = [("Speed Score", *map(wording.speed_score, cards))]
        for place, dimension in enumerate(report.cards[0].dimensions):
            rows.append((dimension.title, *(_cell(card.dimensions[place]) for card in cards)))
            bases = dict.fromkeys(
                other.basis for card in cards for other in card.beside if other.dimension == dimension.dimension
            )
            for basis in bases:
                found = [
                    [other for other in card.beside if (other.dimension, other.basis) == (dimension.dimension, basis)]
                    for card in cards
                ]
                rows.append((f"  {basis}", *(_cell(others[0]) if others else "as above" for others in found)))
        column = min(20, (width - _NAME_WIDTH) // len(cards) - 2)
        yield from _table(
            rows, headers=("", *(card.name for card in cards)), widths=(_NAME_WIDTH, *(column for _ in cards))
        )


def _cell(dimension: DimensionScore) -> str:
    score = "no score" if dimension.score is None else wording.points(dimension.score)
    return f"{score} ({wording.per_cent(dimension.coverage)})"


def _measured(report: Report, width: int) -> Iterator[str]:
    for sentence in wording.measured_sentences(report):
        yield from textwrap.wrap(sentence, width, break_on_hyphens=False, subsequent_indent="  ")
    if not report.cells:
        return
    yield ""
    yield from textwrap.wrap(
        "Medians of the rounds; in the score a framework's best variant of each stands for it.", width
    )
    names = list(dict.fromkeys(name for cell in report.cells for name in cell.standings))
    several = len(report.runs) > 1
    for chunk in _in_columns(names, width):
        rows = [
            (
                f"{cell.phase} {cell.model} {cell.device}{f' {cell.run}' if several else ''}",
                *(wording.standing(cell.standings.get(name)) for name in chunk),
            )
            for cell in report.cells
        ]
        column = min(30, (width - _NAME_WIDTH) // len(chunk) - 2)
        yield from _table(rows, headers=("Case", *chunk), widths=(_NAME_WIDTH, *(column for _ in chunk)))


def _in_columns(items: Sequence[_T], width: int) -> Iterator[Sequence[_T]]:
    each = max(1, (width - _NAME_WIDTH) // 18)
    for start in range(0, len(items), each):
        yield items[start : start + each]


def _table(rows: Sequence[Sequence[str]], *, headers: Sequence[str], widths: Sequence[int]) -> list[str]:
    # Wrapped here: tabulate's own wrapping takes "26,467" for a number and stumbles over the comma.
    wrapped = [[_fill(cell, width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    return tabulate(
        wrapped,
        # Padded so that every table of a card has the same columns; tabulate adds two to a header's width.
        headers=[header.ljust(width - 2) for header, width in zip(headers, widths, strict=True)],
        tablefmt="simple",
        disable_numparse=True,
        preserve_whitespace=True,
    ).splitlines()


def _fill(text: str, width: int) -> str:
    indent = " " * (len(text) - len(text.lstrip()))
    return textwrap.fill(text.strip(), width, initial_indent=indent, subsequent_indent=indent)
