"""Whether a project is dormant: what its past counts for is then limited by the policy.

A project is dormant where the facts that the policy names are known and none is above zero. They are taken at any age,
and with all that contradict each other: were it otherwise, a dead project's scores would rise when the proof of its
death becomes stale. No score of a living project is touched.
"""

from __future__ import annotations

import msgspec

from speedscore.scoring.evidence.evidence import Evidence
from speedscore.scoring.findings.finding import Finding
from speedscore.scoring.rubric.rubric import Rubric


def is_dormant(rubric: Rubric, evidence: Evidence, *, framework: str) -> bool:
    """True where nothing was committed and nothing released, by all that is known, and something is."""
    known = evidence.facts.get(framework, {})
    values = [fact.value for key in rubric.policy.dormant_without for fact in known.get(key, ())]
    return bool(values) and max(values) <= 0


def limit_past(finding: Finding, *, most: float) -> Finding:
    """The answer of a dormant project: what is of the past counts for ``most`` points at most, and so does each of its
    candidates; any other is as it was."""
    if not finding.criterion.past:
        return finding
    candidates = tuple(limit_past(candidate, most=most) for candidate in finding.candidates)
    if finding.points is None or finding.points <= most:
        return msgspec.structs.replace(finding, candidates=candidates)
    return msgspec.structs.replace(
        finding,
        score=None if finding.stale else most,
        stale_score=most if finding.stale else None,
        limit=f"no more than {most:g}, as the project is dormant",
        candidates=candidates,
    )
