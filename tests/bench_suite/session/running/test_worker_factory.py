"""Caches are empty for every even process and kept for the odd one after it, and nothing is left when a block ends."""

from __future__ import annotations

import itertools
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.matrix.cases import Cell
from speedscore.bench_suite.session.running import worker_factory
from speedscore.bench_suite.session.running.worker_factory import block_workers
from speedscore.bench_suite.workers.protocol import Setting
from speedscore.bench_suite.workloads.table import MODELS
from speedscore.host.processors import allowed_processors
from speedscore.host.reaper_script import place
from speedscore.host.scratch import remove_leftovers
from tests.bench_suite.measuring.fakes import PRESET

CELL = Cell("jax", "mlp", "cpu")
OTHER_CELL = Cell("torch", "mlp", "cpu")


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where scratch folders are made; no worker is really started."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(worker_factory, "ProcessWorker", lambda scratch, **_: ("process", scratch))
    monkeypatch.setattr(worker_factory, "InProcessWorker", lambda scratch: ("in pytest", scratch))
    return tmp_path


def test_an_even_process_finds_empty_caches_and_an_odd_one_those_of_its_pair() -> None:
    with block_workers(PRESET, in_process=False) as start_worker:
        seen: list[tuple[str, list[str]]] = []
        for process in range(4):
            _, setting = start_worker(CELL, process=process)
            caches = Path(setting.caches)
            seen.append((setting.caches, [file.name for file in caches.iterdir() if not file.name.startswith(".")]))
            (caches / f"compiled by {process}").touch()
    assert [files for _, files in seen] == [[], ["compiled by 0"], [], ["compiled by 2"]]
    folders = [folder for folder, _ in seen]
    assert folders[0] == folders[1] != folders[2] == folders[3]


def test_what_a_session_that_was_killed_leaves_is_removed_by_the_next(temporary: Path) -> None:
    with block_workers(PRESET, in_process=False) as start_worker:
        start_worker(CELL, process=0)
        folders = list(temporary.iterdir())
        assert len(folders) == 2
        assert remove_leftovers() == 0, "its maker lives"
        for folder in folders:
            (folder / ".made-by").write_text(f"{os.getpid()}-1-{place()}")
        assert remove_leftovers() == 2
        assert not list(temporary.iterdir())


def test_cells_share_neither_caches_nor_scratch_folders() -> None:
    with block_workers(PRESET, in_process=False) as start_worker:
        settings = [start_worker(cell, process=0)[1] for cell in (CELL, OTHER_CELL)]
        assert len({folder for setting in settings for folder in (setting.caches, setting.scratch)}) == 4


def test_tasks_share_the_folder_that_they_are_given_and_models_have_their_own(tmp_path: Path) -> None:
    task = Cell("jax", "jacobian", "cpu")
    with block_workers(PRESET, in_process=False, task_caches=tmp_path) as start_worker:
        folders = [start_worker(cell, process=0)[1].caches for cell in (task, CELL, task)]
    assert folders[0] == folders[2] == str(tmp_path)
    assert folders[1] != folders[0]
    assert tmp_path.is_dir()


def test_all_caches_are_removed_when_the_block_ends_however_it_ends() -> None:
    caches: list[Path] = []

    def use_workers_and_be_interrupted() -> None:
        with block_workers(PRESET, in_process=False) as start_worker:
            for process, cell in itertools.product(range(3), (CELL, OTHER_CELL)):
                caches.append(Path(start_worker(cell, process=process)[1].caches))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        use_workers_and_be_interrupted()
    assert len(set(caches)) == 4
    assert not [folder for folder in caches if folder.exists()]


@pytest.mark.parametrize(("in_process", "kind"), [(False, "process"), (True, "in pytest")])
def test_a_worker_is_told_the_lines_of_the_tables_and_the_processors(in_process: bool, kind: str) -> None:
    with block_workers(PRESET, in_process=in_process) as start_worker:
        worker, setting = start_worker(CELL, process=0)
    started: Any = worker
    assert started == (kind, Path(setting.scratch))
    assert setting == Setting(
        cell=CELL,
        framework=FRAMEWORKS["jax"],
        implementation="speedscore.bench_suite.frameworks.jax.mlp",
        workload_module=MODELS["mlp"].workload,
        preset="smoke",
        affinity=allowed_processors(),
        scratch=setting.scratch,
        caches=setting.caches,
    )
