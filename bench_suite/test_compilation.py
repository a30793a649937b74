"""Compilation: from a built program, in a fresh process with empty caches, to the end of its first training step."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bench_suite.cases import Case


@pytest.mark.speedscore_phase("compilation")
def test_compilation(case: Case, replay: Callable[[Case], None]) -> None:
    replay(case)
