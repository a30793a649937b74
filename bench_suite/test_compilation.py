"""Compilation: from a built program in a fresh process to the end of its first training step.

Cold: with empty caches. Warm: with the caches that a process before it filled on disk.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from speedscore.bench_suite.matrix.cases import Case


@pytest.mark.speedscore_phase("compilation")
def test_compilation(case: Case, replay: Callable[[Case], None]) -> None:
    replay(case)


@pytest.mark.speedscore_phase("warm_compilation")
def test_warm_compilation(case: Case, replay: Callable[[Case], None]) -> None:
    replay(case)
