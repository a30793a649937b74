"""Throughput: a forward pass of the whole batch in evaluation mode, passes queued and waited for together."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from speedscore.bench_suite.matrix.cases import Case


@pytest.mark.speedscore_phase("throughput")
def test_throughput(case: Case, replay: Callable[[Case], None]) -> None:
    replay(case)
