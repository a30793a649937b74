"""Claims as a table for a terminal and for Markdown: what is claimed beside what was measured. It computes nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from speedscore.scoring.cards import claims_wording as wording
from speedscore.scoring.claims.judging import JudgedClaim
from speedscore.text.markdown import escaped, markdown_table
from speedscore.text.tables import GAP, Footnotes, table

_HEADERS = ("Who says what", "Claimed", "Measured", "So it is")
_NEUTRAL_HEADERS = ("Who timed what", "Timed", "Measured", "Here")
_CLAIMED_WIDTH, _MEASURED_WIDTH, _JUDGEMENT_WIDTH = 11, 13, 18
_BESIDE = "beside it: "


def in_terminal(claims: Sequence[JudgedClaim], footnotes: Footnotes, width: int) -> Iterator[str]:
    """The table, and what of it is not as claimed."""
    rows = []
    for judged in claims:
        rows.append((*_row(judged, mark=footnotes.mark([wording.footnote(judged.claim)])),))
        for claim in judged.beside:
            said = f"  {_BESIDE}{claim.text} ({wording.origin(claim)}) {footnotes.mark([wording.footnote(claim)])}"
            rows.append((said, wording.claimed(claim), "", ""))
    said_width = width - _CLAIMED_WIDTH - _MEASURED_WIDTH - _JUDGEMENT_WIDTH - 3 * GAP
    yield from table(
        rows, headers=_headers(claims), widths=(said_width, _CLAIMED_WIDTH, _MEASURED_WIDTH, _JUDGEMENT_WIDTH)
    )
    for sentence in wording.notes(claims):
        yield from textwrap.wrap(sentence, width, subsequent_indent="  ", break_on_hyphens=False)


def in_markdown(claims: Sequence[JudgedClaim]) -> Iterator[str]:
    """The table, and what of it is not as claimed."""
    rows = []
    for judged in claims:
        rows.append((*_row(judged, mark=""), wording.footnote(judged.claim)))
        for claim in judged.beside:
            said = f"{_BESIDE}{claim.text} ({wording.origin(claim)})"
            rows.append((said, wording.claimed(claim), "", "", wording.footnote(claim)))
    yield from markdown_table(rows, headers=(*_headers(claims), "From"))
    yield ""
    yield from (f"- {escaped(sentence)}" for sentence in wording.notes(claims))


def _headers(claims: Sequence[JudgedClaim]) -> tuple[str, str, str, str]:
    return _NEUTRAL_HEADERS if all(judged.judgement is None for judged in claims) else _HEADERS


def _row(judged: JudgedClaim, *, mark: str) -> tuple[str, str, str, str]:
    said = f"{wording.heading(judged)} ({wording.origin(judged.claim)}) {mark}".rstrip()
    measured = ", ".join(filter(None, (wording.measured(judged), wording.lines(judged))))
    return said, wording.claimed(judged.claim), measured, wording.judgement(judged)
