"""The detail of a claim: its source and own words, the cases that test it, and what stands beside it."""

from __future__ import annotations

from collections.abc import Iterator

from speedscore.report.blocks import Cell, Detail
from speedscore.report.content import Content
from speedscore.report.details.sources import Entry
from speedscore.report.identifiers import case_id_of, claim_id, run_id
from speedscore.scoring.cards import claims_wording as wording
from speedscore.scoring.claims.claim import Claim
from speedscore.scoring.claims.judging import JudgedClaim
from speedscore.scoring.claims.testing import ClaimTest


def claim_details(content: Content) -> tuple[Detail, ...]:
    """One of each claim and neutral pair of timings."""
    return tuple(
        Detail(id=claim_id(judged.claim), title=wording.heading(judged), entries=tuple(_entries(judged)))
        for judged in content.scores.claims
    )


def _entries(judged: JudgedClaim) -> Iterator[Entry]:
    yield from _source_entries(judged.claim)
    for test in judged.tests:
        yield from _test_entries(test)
    if words := wording.judgement(judged):
        yield ("So it is" if judged.judgement else "Here"), Cell(words)
    for remark in judged.remarks:
        yield "Not as claimed", Cell(remark)
    for claim in judged.beside:
        yield (
            "Beside it",
            Cell(
                f"{wording.claimed(claim)}: {claim.text}",
                value=claim.low,
                detail=claim_id(claim),
                note=wording.origin(claim),
            ),
        )


def _source_entries(claim: Claim) -> Iterator[Entry]:
    fast = "" if claim.low is None else " times as fast"
    yield "Claimed" if claim.kind == "claim" else "Timed", Cell(f"{wording.claimed(claim)}{fast}")
    yield "By", Cell(wording.origin(claim))
    yield "In", Cell(claim.source, url=claim.url, note=claim.method)
    if claim.words:
        yield "In its own words", Cell(claim.words)
    others = {"Our reading": claim.reading, "Of": claim.model, "On": claim.hardware, "Precision": claim.precision}
    for name, text in others.items():
        if text:
            yield name, Cell(text)


def _test_entries(test: ClaimTest) -> Iterator[Entry]:
    many = f"{test.processes} {'process' if test.processes == 1 else 'processes'}"
    other = "" if test.left_out is None else " beside the one that chose the line"
    where = f"{test.model} on {test.machine or test.device}, {test.precision}, {many}{other}"
    yield "Measured here", Cell(f"{wording.ratio(test)} times as fast", value=test.times_as_fast, note=where)
    for line, nodeid in zip((test.line, test.rival_line), test.nodeids, strict=True):
        yield "By the rounds of", Cell(line, detail=case_id_of(test.run, nodeid))
    yield "In the run", Cell(test.run, detail=run_id(test.run))
