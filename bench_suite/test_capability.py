"""Capability: one call of a task, a computation that is no model's step or pass, at the throughput of queued calls."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from speedscore.bench_suite.matrix.cases import Case


@pytest.mark.capability
@pytest.mark.speedscore_phase("capability")
def test_capability(case: Case, replay: Callable[[Case], None]) -> None:
    replay(case)
