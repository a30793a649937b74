"""Takes in the frameworks, models and tasks that other packages bring through the hooks; they then stand in the matrix.

A line that cannot be told from another, or whose id would upset ``-k``, is refused before anything is collected.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, MutableMapping
from functools import partial
from types import MappingProxyType
from typing import TypeVar

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework
from speedscore.bench_suite.matrix.cases import matrix
from speedscore.bench_suite.workloads.table import MODELS, TASKS, Model, Task
from speedscore.record.phases import DEVICES

Line = TypeVar("Line", Framework, Model, Task)

_WORDS = (r"[a-z][a-z0-9]*(-[a-z0-9]+)*", "lower-case letters and digits, in words joined by hyphens")
_IDS: dict[type[Framework | Model | Task], tuple[str, str]] = {
    Framework: _WORDS,
    Task: _WORDS,
    # The id of a case is framework-model-device: with a hyphen in the model, two cases could have one id.
    Model: (r"[a-z][a-z0-9]*", "lower-case letters and digits, in one word"),
}


def register_lines(config: pytest.Config) -> None:
    """Ask the hooks and extend the tables. Raises UsageError naming a line that cannot be taken in.

    The tables belong to the process and not to the session: what was added goes when the session has ended.
    """
    config.add_cleanup(partial(_restore, FRAMEWORKS, dict(FRAMEWORKS)))
    config.add_cleanup(partial(_restore, MODELS, dict(MODELS)))
    config.add_cleanup(partial(_restore, TASKS, dict(TASKS)))
    for lines in config.hook.pytest_speedscore_frameworks(config=config):
        _extend(FRAMEWORKS, lines, kind=Framework, hook="pytest_speedscore_frameworks")
    for lines in config.hook.pytest_speedscore_models(config=config):
        _extend(MODELS, lines, kind=Model, hook="pytest_speedscore_models", taken=TASKS)
    for lines in config.hook.pytest_speedscore_tasks(config=config):
        _extend(TASKS, lines, kind=Task, hook="pytest_speedscore_tasks", taken=MODELS)
    _require_ids_of_their_own()


def _require_ids_of_their_own() -> None:
    """The id of a case is framework-task-device: with hyphens in a framework and in a task, two could have one id."""
    for case_id, count in Counter(case.id for case in matrix("capability")).items():
        if count > 1:
            raise pytest.UsageError(
                f"pytest_speedscore_tasks: {count} cases have the id {case_id!r}; choose another id"
            )


def _restore(table: MutableMapping[str, Line], before: Mapping[str, Line]) -> None:
    for name in table.keys() - before.keys():
        del table[name]


def _extend(
    table: MutableMapping[str, Line],
    lines: object,
    *,
    kind: type[Line],
    hook: str,
    taken: Mapping[str, object] = MappingProxyType({}),
) -> None:
    if not isinstance(lines, list | tuple):
        raise pytest.UsageError(f"{hook}: expected a list of {kind.__name__}, found {type(lines).__name__}")
    for line in lines:
        if not isinstance(line, kind):
            raise pytest.UsageError(f"{hook}: expected a {kind.__name__}, found {type(line).__name__}")
        if problem := _problem(line.id, {**table, **taken}, kind=kind):
            raise pytest.UsageError(f"{hook}: {line.id!r} {problem}")
        table[line.id] = line


def _problem(name: str, table: Mapping[str, object], *, kind: type[Framework | Model | Task]) -> str:
    pattern, meaning = _IDS[kind]
    if not re.fullmatch(pattern, name):
        return f"is no id of a {kind.__name__}: {meaning}"
    # pytest's -k compares parts of names: "-k gpu" must find the cases on a GPU and no others.
    if devices := [device for device in DEVICES if device in name]:
        return f"holds {devices[0]!r}, and -k {devices[0]} must select cases on that device alone; choose another id"
    return "is in the table already; choose another id" if name in table else ""
