"""Why one framework stands before another: the part of each question in the distance between their Speed Scores.

Both are compared on the same answered questions, so the parts add up to the distance between the unrounded scores. It
scores nothing anew.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from speedscore.scoring.scores.weighing import Profile, Weighing


class LeadPart(msgspec.Struct, frozen=True):
    """What one question adds to the lead."""

    criterion: str
    name: str
    points: float
    """Of the Speed Score; below 0 where the follower answers better."""


class Lead(msgspec.Struct, frozen=True):
    """How far one framework stands before another, and by which questions."""

    first: str
    follower: str
    points: float
    """Of the unrounded Speed Score; the sum of the parts."""
    parts: tuple[LeadPart, ...]
    """The largest first, whichever of the two it speaks for."""


def find_lead(first: str, follower: str, *, profiles: Mapping[str, Profile], weighing: Weighing) -> Lead:
    """``profiles`` answer the same questions; raises ValueError where one lacks a question of the other."""
    ahead, behind = (_contributions(profiles[name], weighing) for name in (first, follower))
    if ahead.keys() != behind.keys():
        odd = min(ahead.keys() ^ behind.keys())
        raise ValueError(
            f"{first} and {follower} are compared on different questions: only one of them answers {odd!r}"
        )
    names = {
        finding.criterion.id: finding.criterion.name for answers in profiles[first].values() for finding in answers
    }
    parts = [
        LeadPart(criterion=criterion, name=name, points=ahead[criterion] - behind[criterion])
        for criterion, name in names.items()
    ]
    return Lead(
        first=first,
        follower=follower,
        points=weighing.speed_score(profiles[first]) - weighing.speed_score(profiles[follower]),
        parts=tuple(sorted(parts, key=lambda part: (-abs(part.points), part.criterion))),
    )


def _contributions(profile: Profile, weighing: Weighing) -> dict[str, float]:
    """Criterion → its part of the Speed Score."""
    return {
        finding.criterion.id: weighing.share(finding, profile) * (finding.score or 0.0)
        for answers in profile.values()
        for finding in answers
    }
