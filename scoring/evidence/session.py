"""What a pytest session is judged by: its run under the name that sources give it, and what other packages bring.

It reads a session's configuration and judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from speedscore.record.run_record import RunRecord
from speedscore.scoring.evidence.evidence import NOT_SAVED, NamedRun
from speedscore.scoring.facts.fact import FactError
from speedscore.scoring.rubric.rubric import Rubric, add_criteria, load_rubric

if TYPE_CHECKING:
    import pytest


def rubric_of(config: pytest.Config) -> Rubric:
    """The shipped rubric with the criteria of other packages. Raises RubricError."""
    rubric = load_rubric()
    for criteria in config.hook.pytest_speedscore_criteria(config=config):
        rubric = add_criteria(rubric, criteria, source="pytest_speedscore_criteria")
    return rubric


def fact_folders(config: pytest.Config) -> Iterator[Path]:
    """Folders of facts that other packages bring. Raises FactError for an answer that is no list of paths."""
    for folders in config.hook.pytest_speedscore_facts(config=config):
        if not isinstance(folders, list | tuple) or not all(isinstance(folder, Path) for folder in folders):
            raise FactError(f"pytest_speedscore_facts: expected a list of paths, found {folders!r}")
        yield from folders


def named_run(config: pytest.Config, run: RunRecord, run_path: str | None) -> NamedRun:
    """The run as a source names it: by its path from where the user stands, when it lies below."""
    if run_path is None:
        return NamedRun(name=NOT_SAVED, record=run)
    path, folder = Path(run_path), config.invocation_params.dir
    return NamedRun(name=str(path.relative_to(folder) if path.is_relative_to(folder) else path), record=run)
