"""The month that every test takes for the present. It needs nothing, for a plain ``pytest`` reads it too."""

from __future__ import annotations

PRESENT = "2026-11"
"""So that facts do not go stale on the day of a test's run."""
