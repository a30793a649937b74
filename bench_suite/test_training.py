"""Training: one optimizer step, forward, backward and update, at the throughput of queued steps."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from speedscore.bench_suite.matrix.cases import Case


@pytest.mark.speedscore_phase("training")
def test_training(case: Case, replay: Callable[[Case], None]) -> None:
    replay(case)
