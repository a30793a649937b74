"""When a figure is too noisy to be read, and what the likely reason is. It measures nothing and decides no verdict."""

from __future__ import annotations

from speedscore.host.fingerprint import BUSY_FROM

TOO_NOISY_FROM = 0.5
"""An interval that reaches further than this fraction from the median says nothing that a number should stand for."""


def is_too_noisy(interval_fraction: float | None) -> bool:
    """``interval_fraction`` is how far the interval reaches from the median, None where there is no interval."""
    return interval_fraction is not None and interval_fraction > TOO_NOISY_FROM


FEW_ROUNDS = 6
"""A figure of fewer rounds has no interval of its own, and a ratio of it no second decimal."""


def likely_reason(*, busy_processors: float, quota_processors: float | None, processors: int) -> str:
    """Why rounds differ, by what is known: the load before and during the block, and a quota below what we use."""
    reasons = []
    if busy_processors >= BUSY_FROM:
        reasons.append(f"others were using {busy_processors:.1f} processors")
    if quota_processors is not None and quota_processors < processors:
        reasons.append(f"a quota of {quota_processors:g} processors for {processors}")
    return " and ".join(reasons) or "unknown, the machine was quiet"
