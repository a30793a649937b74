"""Published throughputs of one accelerator beside what a run reached, as a table. It computes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from speedscore.scoring.cards.wording import number
from speedscore.scoring.claims.published_figure import DEFECT_BELOW, HeldFigure
from speedscore.text.markdown import markdown_table
from speedscore.text.numbers import short_percent
from speedscore.text.tables import GAP, Footnotes, table

HEADING = "Published of one accelerator, and reached here"
_HEADERS = ("What was run", "Published", "Reached", "So it is")
_PUBLISHED_WIDTH, _REACHED_WIDTH, _JUDGEMENT_WIDTH = 11, 13, 18


def in_terminal(held: Sequence[HeldFigure], footnotes: Footnotes, width: int) -> Iterator[str]:
    rows = [_row(each, mark=footnotes.mark([_footnote(each)])) for each in held]
    run_width = width - _PUBLISHED_WIDTH - _REACHED_WIDTH - _JUDGEMENT_WIDTH - 3 * GAP
    widths = (run_width, _PUBLISHED_WIDTH, _REACHED_WIDTH, _JUDGEMENT_WIDTH)
    yield from table(rows, headers=_HEADERS, widths=widths)


def in_markdown(held: Sequence[HeldFigure]) -> Iterator[str]:
    rows = [(*_row(each, mark=""), _footnote(each)) for each in held]
    yield from markdown_table(rows, headers=(*_HEADERS, "From"))


def _row(held: HeldFigure, *, mark: str) -> tuple[str, str, str, str]:
    figure = held.figure
    said = f"{figure.framework}: {figure.text} on {figure.hardware} ({figure.by}, {figure.as_of}) {mark}".rstrip()
    published = f"{number(figure.value)} {figure.unit}"
    return said, published, "" if held.value is None else f"{number(held.value)} by {held.line}", judgement(held)


def judgement(held: HeldFigure) -> str:
    """As in ``72 % of it on H100``, or why nothing can be held against it."""
    if held.fraction is None:
        return f"not held: {held.reason}"
    share = f"{short_percent(held.fraction)} of it on {held.machine}"
    return f"under half of it, a defect to find: {share}" if held.fraction < DEFECT_BELOW else share


def _footnote(held: HeldFigure) -> str:
    figure = held.figure
    return "; ".join(filter(None, (figure.source, figure.url)))
