"""What becomes of an answer that was measured so long ago that it says nothing of today's releases.

It counts as a stale fact does: for the policy's points at most, and it covers nothing. A fact that takes its place
counts for no more than it did, so that no score rises because a run grew old. Nothing is looked up here.
"""

from __future__ import annotations

import msgspec

from speedscore.scoring.findings.finding import Finding
from speedscore.scoring.rubric.policy import Policy


def as_outdated(finding: Finding, *, age_months: int, policy: Policy) -> Finding:
    """The measured answer as a stale one; ``finding`` is as it was when its run was made."""
    score = finding.score
    assert score is not None
    most = policy.stale_most
    return msgspec.structs.replace(
        finding,
        score=None,
        stale_score=min(score, most),
        limit=f"no more than {most:g}, as it is stale" if score > most else "",
        reason=f"stale: measured {age_months} months ago, and a run may be {policy.measured_stale_after_months}",
        sources=tuple(msgspec.structs.replace(source, age_months=age_months, stale=True) for source in finding.sources),
    )


def instead_of_outdated(by_facts: Finding, outdated: Finding, *, note: str) -> Finding:
    """What the facts say, with no more points than the measured answer gave; that one where the facts say nothing."""
    assert outdated.rule is not None
    assert outdated.value is not None
    if by_facts.points is None:
        return msgspec.structs.replace(outdated, candidates=by_facts.candidates)
    most = outdated.rule.score(outdated.value)
    finding = msgspec.structs.replace(
        by_facts, beside=(*outdated.sources, *by_facts.beside), note="; ".join(filter(None, (note, outdated.reason)))
    )
    if by_facts.points <= most:
        return finding
    return msgspec.structs.replace(
        finding,
        score=None if by_facts.stale else most,
        stale_score=most if by_facts.stale else None,
        limit=f"no more than the {most:.2f} of the run that became stale",
    )
