"""What to take instead, where a card says when to avoid a framework: who answers the same need better.

It compares finished answers and changes none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from speedscore.scoring.findings.finding import Finding
from speedscore.scoring.rubric.policy import Policy


def take_instead(
    avoid_if: Iterable[str], *, own: Sequence[Finding], rivals: Mapping[str, Sequence[Finding]], policy: Policy
) -> dict[str, str]:
    """For each of ``avoid_if`` the name of the rival that answers its need best; left out where nobody does better by
    the policy's margin, or where that is a weakness of the best as well.

    ``rivals`` are the findings of each other framework by its name for people. Of equals the first by name is taken.
    """
    names = {sentence: _best(sentence, own, rivals, policy) for sentence in avoid_if}
    return {sentence: name for sentence, name in names.items() if name}


def _best(sentence: str, own: Sequence[Finding], rivals: Mapping[str, Sequence[Finding]], policy: Policy) -> str:
    asked = [finding for finding in own if finding.criterion.avoid_if == sentence]
    own_score = max((finding.score for finding in asked if finding.score is not None), default=10.0)
    needs = {finding.criterion.id for finding in asked}
    answers = [
        (-finding.score, name)
        for name, findings in rivals.items()
        for finding in findings
        if finding.criterion.id in needs and finding.score is not None
        if finding.score > max(own_score, policy.weakness_to) and finding.score >= own_score + policy.instead_ahead
    ]
    return min(answers)[1] if answers else ""
