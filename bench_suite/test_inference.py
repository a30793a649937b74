"""Inference: the latency of one forward pass of a batch of one, in evaluation mode, each call waited for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from speedscore.bench_suite.matrix.cases import Case


@pytest.mark.speedscore_phase("inference")
def test_inference(case: Case, replay: Callable[[Case], None]) -> None:
    replay(case)
