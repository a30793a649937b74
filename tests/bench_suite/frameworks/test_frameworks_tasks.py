"""The tasks in every framework that has them give what float64 gives, and their mutants do not.

The checks stand in ``checks/task_checks.py`` and run in one fresh process a framework; none is imported here. The tasks
of one module differ in their options alone: its first and last stand for all of them, and the first by itself where
``torch.compile`` would take seconds for each. ``tox -e capabilities`` certifies all of them.
"""

from __future__ import annotations

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.matrix.cases import implementation
from speedscore.bench_suite.workloads.table import TASKS
from tests.bench_suite.frameworks.checks.running import require_installed, run_checks
from tests.bench_suite.frameworks.checks.task_checks import CONSTANTS, IN_TORCH

_MUTATED = {"jax": CONSTANTS, "torch": CONSTANTS | IN_TORCH, "tensorflow": CONSTANTS}


def _tasks(framework: str) -> list[str]:
    line = FRAMEWORKS[framework]
    had = [task for task in TASKS.values() if implementation(line, task) and not line.why_not(task)]
    first = {task.module: task.id for task in reversed(had)}
    last = {} if line.variant == "compile" else {task.module: task.id for task in had}
    return [task.id for task in had if task.id in (first[task.module], last.get(task.module))]


def _checks(framework: str) -> list[str]:
    playing = bool(implementation(FRAMEWORKS[framework], TASKS["rl-rollout-64"]))
    return [
        *(f"a_task_is_certified {framework} {task}" for task in _tasks(framework)),
        *([f"cartpole_agrees_with_numpy_at_each_of_500_steps {framework}"] if playing else []),
        *(f"a_mutant_is_refused {framework} {mutation}" for mutation in _MUTATED.get(framework, ())),
    ]


_MEASURED = [line for line in FRAMEWORKS.values() if line.task_builder and "cpu" not in line.declined]


@pytest.mark.parametrize(
    ("framework", "check"),
    [pytest.param(line.id, check, marks=require_installed(line)) for line in _MEASURED for check in _checks(line.id)],
)
def test_of_a_task(framework: str, check: str) -> None:
    run_checks("task_checks", *_checks(framework)).facts(check)
