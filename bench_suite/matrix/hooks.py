"""The hooks that speedscore's measuring half calls; scoring listens here, and so can any other plugin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    # They are known in every pytest session, and loading their types would cost it more than pytest itself does.
    from speedscore.bench_suite.frameworks.table import Framework
    from speedscore.bench_suite.workloads.table import Model, Task
    from speedscore.record.run_record import RunRecord


@pytest.hookspec
def pytest_speedscore_frameworks(config: pytest.Config) -> Sequence[Framework]:
    """Frameworks of another package that are to stand in the matrix.

    Each names a builder that answers ``speedscore.bench_suite.frameworks.program.Builder``. Called once, before
    collection; nothing of a framework is imported until one of its cases is measured.
    """
    raise NotImplementedError


@pytest.hookspec
def pytest_speedscore_models(config: pytest.Config) -> Sequence[Model]:
    """Models of another package that are to stand in the matrix.

    Each names the module of its workload and, for every framework that has it, the module that writes it there.
    Called once, before collection.
    """
    raise NotImplementedError


@pytest.hookspec
def pytest_speedscore_tasks(config: pytest.Config) -> Sequence[Task]:
    """Tasks of another package that are to stand in the matrix.

    Each names the module of its workload, ``speedscore.bench_suite.workloads.task.TaskWorkload``, and for every
    framework that has it the module that writes it there. Called once, before collection.
    """
    raise NotImplementedError


@pytest.hookspec
def pytest_speedscore_run(config: pytest.Config, run: RunRecord, run_path: str | None) -> None:
    """A session that selected cases of the matrix has ended, and its run is saved where there is anything to save.

    ``run`` holds every selected case, measured or not: it may be that none was. ``run_path`` names the file, or is None
    where saving failed or the session was interrupted before anything was measured. Called once, before the terminal
    summary.
    """
