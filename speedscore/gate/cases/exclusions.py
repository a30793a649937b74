"""Why a case leaves a gate before its time is judged: it was skipped, it failed, or it is not the same case.

It looks at how the test ended on each side, and at no time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from speedscore.gate.sides.side import Finished


class Exclusion(msgspec.Struct, frozen=True):
    """What is said of the case instead of verdicts."""

    reason: str
    skipped: bool = False
    """Whether neither side measures it."""
    missing: str = ""
    """Why head no longer measures it though base does; empty where it does."""


UNSTABLE = "its id is another in each process: give its parameters ids of their own (ids=[…])"


_HELD_BY_ANOTHER = re.compile(
    r"address already in use|errno 98\b|EADDRINUSE|port \d+ is (already )?(in use|allocated)|errno 11\b|BlockingIOError"
    r"|could not (acquire|be acquired)|(already|is) locked|lock file exists|LockException|filelock"
    r"|failed to bind to address|errno 17\b|FileExistsError",
    re.IGNORECASE,
)
_RUN_AT_ONCE = "; base and head run at the same time: let each process take a port, a lock or a folder of its own"


def exclusion_of(base: Finished, head: Finished) -> Exclusion | None:
    """Why the case cannot be compared after what both sides say of their test; None where it can."""
    if "absent" in (base.outcome, head.outcome):
        return Exclusion(UNSTABLE)
    if base.outcome == head.outcome == "skipped":
        return Exclusion(base.reason, skipped=True)
    if head.outcome != "passed":
        how, hint = f"{head.outcome} ({head.reason})", _hint(head.reason)
        where = "both sides" if base.outcome == "failed" else "head"
        return Exclusion(f"{how} on {where}{hint}", missing=f"{how}{hint}" if base.outcome == "passed" else "")
    if base.outcome != "passed":
        return Exclusion(f"{base.outcome} ({base.reason}) on base{_hint(base.reason)}")
    if head.not_comparable:
        # What base still measures is lost where head hides its work.
        return Exclusion(head.not_comparable, missing="" if base.not_comparable else head.not_comparable)
    if base.not_comparable:
        return Exclusion(f"on base: {base.not_comparable}")
    difference = _difference(base.identity, head.identity)
    return Exclusion(difference) if difference else None


def _hint(reason: str) -> str:
    """What to do where a side wanted what the other held."""
    return _RUN_AT_ONCE if _HELD_BY_ANOTHER.search(reason) else ""


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
