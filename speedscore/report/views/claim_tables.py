"""Tables of what others say of the frameworks' speed, and of what was timed without a side, beside what was measured.

Each figure leads to the claim's detail, which names its source, and to the cases that test it. Nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from speedscore.report.blocks import Cell, Column, Table
from speedscore.report.content import Content
from speedscore.report.details.sources import url_in
from speedscore.report.identifiers import claim_id
from speedscore.scoring.cards import claims_wording as wording
from speedscore.scoring.claims.claim import Claim
from speedscore.scoring.claims.judging import ABOUT, JudgedClaim


def claim_tables(content: Content, lines: Mapping[str, str]) -> Iterator[Table]:
    """What is claimed, then the neutral pairs of timings; ``lines`` give each ecosystem its mark."""
    claims = content.scores.claims
    said = [judged for judged in claims if judged.judgement is not None]
    yield Table(
        id="claims-speed",
        title=wording.HEADING,
        columns=(
            Column("Who over whom"),
            Column("What is said"),
            Column("Claimed", unit="times as fast", numeric=True),
            Column("Measured here", unit="times as fast", numeric=True),
            Column("So it is"),
            Column("Beside it"),
            Column("From"),
        ),
        rows=tuple(
            (
                *_said(judged, lines),
                Cell(wording.judgement(judged), detail=claim_id(judged.claim)),
                _beside(judged),
                _source(judged.claim),
            )
            for judged in said
        ),
        lead=f"{wording.counts(said)}." if said else "",
        notes=(
            "Supported: the claimed range holds the whole measured interval; contradicted: it holds none of it; "
            f"undecided: it holds a part. A claim of one number may be off by a factor of {ABOUT:g}. Nothing is tested "
            "on another kind of device than it is claimed of, and a claim enters no score.",
            *wording.notes(said),
        ),
        sources=content.sources,
    )
    neutral = [judged for judged in claims if judged.judgement is None]
    yield Table(
        id="claims-neutral",
        title=wording.NEUTRAL_HEADING,
        columns=(
            Column("Who over whom"),
            Column("What was timed"),
            Column("Timed", unit="times as fast", numeric=True),
            Column("Measured here", unit="times as fast", numeric=True),
            Column("Here"),
            Column("From"),
        ),
        rows=tuple(
            (*_said(judged, lines), Cell(wording.judgement(judged)), _source(judged.claim)) for judged in neutral
        ),
        notes=tuple(wording.notes(neutral)),
        sources=content.sources,
    )


def _said(judged: JudgedClaim, lines: Mapping[str, str]) -> tuple[Cell, ...]:
    claim, detail = judged.claim, claim_id(judged.claim)
    ratio = judged.tests[0].times_as_fast if judged.tests else None
    series = claim.line if claim.line in lines.values() else lines.get(claim.framework, "")
    return (
        Cell(wording.sides(judged), series=series),
        Cell(claim.text, note=wording.origin(claim), detail=detail),
        Cell(wording.claimed(claim), value=claim.low, detail=detail, note=claim.hardware),
        Cell(wording.measured(judged), value=ratio, detail=detail if judged.tests else "", note=wording.lines(judged)),
    )


def _beside(judged: JudgedClaim) -> Cell:
    """The ratios of what stands beside it; each leads on from the claim's detail."""
    ratios = ", ".join(map(wording.claimed, judged.beside))
    return Cell(ratios, detail=claim_id(judged.claim) if ratios else "", note=_who(judged.beside))


def _who(claims: Sequence[Claim]) -> str:
    return ", ".join(dict.fromkeys(wording.origin(claim) for claim in claims))


def _source(claim: Claim) -> Cell:
    return Cell(claim.source, url=claim.url or url_in(claim.source), note=claim.method)
