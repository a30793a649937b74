"""Counters that a test moves by hand."""

from __future__ import annotations

from typing import Any

counts: dict[str, int] = {}


def metric_data(name: str) -> tuple[int, float, tuple[Any, ...]] | None:
    return (counts[name], 0.0, ()) if name in counts else None
