"""Why a case leaves a gate before its time is judged: it was skipped, it failed, or it is not the same case.

It looks at how the test ended on each side, and at no time.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from speedscore.gate.sides import Finished


class Exclusion(msgspec.Struct, frozen=True):
    """What is said of the case instead of verdicts."""

    reason: str
    skipped: bool = False
    """Whether neither side measures it."""
    missing: str = ""
    """Why head no longer measures it though base does; empty where it does."""


UNSTABLE = "its id is another in each process: give its parameters ids of their own (ids=[…])"


def exclusion_of(base: Finished, head: Finished) -> Exclusion | None:
    """Why the case cannot be compared after what both sides say of their test; None where it can."""
    if "absent" in (base.outcome, head.outcome):
        return Exclusion(UNSTABLE)
    if base.outcome == head.outcome == "skipped":
        return Exclusion(base.reason, skipped=True)
    if head.outcome != "passed":
        how = f"{head.outcome} ({head.reason})"
        where = "both sides" if base.outcome == "failed" else "head"
        return Exclusion(f"{how} on {where}", missing=how if base.outcome == "passed" else "")
    if base.outcome != "passed":
        return Exclusion(f"{base.outcome} ({base.reason}) on base")
    if head.not_comparable:
        # What base still measures is lost where head hides its work.
        return Exclusion(head.not_comparable, missing="" if base.not_comparable else head.not_comparable)
    if base.not_comparable:
        return Exclusion(f"on base: {base.not_comparable}")
    difference = _difference(base.identity, head.identity)
    return Exclusion(difference) if difference else None


def lost(label: str, how: str) -> Exclusion:
    """A side died in the case; the first line of ``how`` is the reason."""
    reason = how.partition("\n")[0]
    return Exclusion(reason, missing=reason if label == "head" else "")


def _difference(base: Mapping[str, object] | None, head: Mapping[str, object] | None) -> str:
    """The first thing in which the two are not the same case; empty where they are."""
    if base is None or head is None:
        return "" if base is head else "only one side proves what it computes"
    for name in sorted(base.keys() | head.keys()):
        if base.get(name) != head.get(name):
            return f"{name} is {base.get(name)!r} on base and {head.get(name)!r} on head: not the same case"
    return ""
