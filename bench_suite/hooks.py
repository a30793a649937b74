"""The hooks that speedscore's measuring half calls; scoring listens here, and so can any other plugin."""

from __future__ import annotations

import pytest

from bench_suite.record import RunRecord


@pytest.hookspec
def pytest_speedscore_run(config: pytest.Config, run: RunRecord, run_path: str | None) -> None:
    """A session that selected cases of the matrix has ended and its run is saved.

    ``run`` holds every selected case, measured or not. ``run_path`` names the file, or is None when saving failed.
    Called once, before the terminal summary.
    """
