"""Warnings of what a side was measured under: others at work on its machine, or the quota of its container.

It says what the runs recorded and decides no verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from speedscore.comparing.saved_run import CaseFigures
from speedscore.host.fingerprint import BUSY_FROM


def load_warnings(name: str, side: Mapping[str, Sequence[CaseFigures]]) -> list[str]:
    """Of the side of that name, by case; none where all was quiet."""
    return [warning for warning in (_busy(name, side), _throttled(name, side)) if warning]


def _busy(name: str, side: Mapping[str, Sequence[CaseFigures]]) -> str:
    """That other processes were at work, or nothing."""
    measured = [case for cases in side.values() for case in cases if case.figures]
    busy = sum(case.busy_processors >= BUSY_FROM for case in measured)
    return f"{name} ran on a busy machine: others were at work before {busy} of {len(measured)} cases" if busy else ""


def _throttled(name: str, side: Mapping[str, Sequence[CaseFigures]]) -> str:
    """That a container's quota stopped it, or nothing."""
    measured = [case for cases in side.values() for case in cases if case.throttled_periods]
    if not measured:
        return ""
    worst = max(measured, key=lambda case: case.throttled_periods / max(case.quota_periods, 1))
    return (
        f"{name} was throttled by the quota of its container in {len(measured)} cases, at worst in "
        f"{worst.throttled_periods} of {worst.quota_periods} periods: its times are those of standing still"
    )
