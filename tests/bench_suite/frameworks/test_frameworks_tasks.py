"""Every task in every framework that has it gives what float64 gives, and its mutants do not.

The checks stand in ``checks/task_checks.py`` and run in one fresh process a framework; none is imported here. What is
compiled by ``torch.compile`` takes seconds each, so of the tasks of one module the first stands for the others there.
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
    had = [task for task in TASKS.values() if implementation(line, task)]
    if line.variant == "compile":
        had = list({task.module: task for task in reversed(had)}.values())[::-1]
    if line.style == "multi-backend":
        # Keras' optimizers know nothing of a model but its parameters: the smallest stands for all.
        had = [task for task in had if task.id.endswith("-mlp")]
    return [task.id for task in had]


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
