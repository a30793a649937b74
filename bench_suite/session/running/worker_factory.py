"""Starts the workers of one block for real: a fresh process each, with a scratch folder and compilation caches.

It knows where a worker's files are and when caches are empty; what a worker is asked, and when, is decided elsewhere.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.matrix.cases import Cell, implementation
from speedscore.bench_suite.measuring.cell_run import WorkerFactory
from speedscore.bench_suite.workers.handle import InProcessWorker, ProcessWorker, Worker
from speedscore.bench_suite.workers.protocol import Setting
from speedscore.bench_suite.workloads.presets import Preset
from speedscore.bench_suite.workloads.table import Task, find_line
from speedscore.host.processors import usable_processors
from speedscore.host.scratch import make_scratch

OpenWorkers = Callable[[], AbstractContextManager[WorkerFactory]]
"""A way to start workers while one block, or one case of a gate, is measured; afterwards their caches are gone."""


@contextmanager
def block_workers(preset: Preset, *, in_process: bool, task_caches: Path | None = None) -> Iterator[WorkerFactory]:
    """Start workers by calling what this yields. On leaving, every cache is removed; workers are closed by the caller.

    ``in_process`` starts none: the frameworks run inside pytest, for a debugger or a profiler. All tasks have
    ``task_caches``, where given: what compiling them takes is no figure, and half of it is the same for all of them.
    """
    caches: dict[Cell, Path] = {}
    scratches: list[Path] = []

    def caches_of(cell: Cell, process: int) -> Path:
        if task_caches is not None and isinstance(find_line(cell.model), Task):
            return task_caches
        if process % 2 == 0:
            _remove(caches.pop(cell, None))
            caches[cell] = make_scratch("caches")
        return caches[cell]

    def start_worker(cell: Cell, *, process: int) -> tuple[Worker, Setting]:
        scratch = make_scratch("worker")
        scratches.append(scratch)
        setting = make_setting(cell, preset=preset, scratch=scratch, caches=caches_of(cell, process))
        if in_process:
            return InProcessWorker(scratch), setting
        return ProcessWorker(scratch, title=f"{cell.id}-process-{process + 1}"), setting

    try:
        yield start_worker
    finally:
        # A worker removes its own when it is closed; one that an interrupt met as it was started never is.
        for folder in (*caches.values(), *scratches):
            _remove(folder)


def make_setting(cell: Cell, *, preset: Preset, scratch: Path, caches: Path) -> Setting:
    """What a worker of the cell is built with: the cell's lines of the tables, and the processors of this process."""
    framework, line = FRAMEWORKS[cell.framework], find_line(cell.model)
    return Setting(
        cell=cell,
        framework=framework,
        implementation=implementation(framework, line),
        workload_module=line.workload,
        preset=preset.name,
        affinity=usable_processors(),
        scratch=str(scratch),
        caches=str(caches),
        task_options=line.options if isinstance(line, Task) else None,
    )


def _remove(folder: Path | None) -> None:
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
