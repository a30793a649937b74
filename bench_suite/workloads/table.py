"""The models and the tasks there are, as text: nothing is imported until a worker builds one.

Adding a model: 1. a module here that has ``make(preset)``; 2. a line below; 3. a file of the same name in the folder
of each framework that has it. A framework without that file declines the model, and the matrix says so. From another
package: the hook ``pytest_speedscore_models``. A task is added in the same way; its line names the file, which it may
share with other tasks, and the options of ``make``. From another package: ``pytest_speedscore_tasks``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import msgspec

from speedscore.host.fields import Scalar
from speedscore.host.peaks import Precision
from speedscore.record.phases import FLOAT32, PRECISIONS

if TYPE_CHECKING:
    # Collecting the matrix imports this module, and has no time for NumPy.
    from speedscore.bench_suite.workloads.task import TaskWorkload
    from speedscore.bench_suite.workloads.workload import Workload


class Model(msgspec.Struct, frozen=True):
    """One line of the matrix."""

    id: str
    workload: str
    """The module that has ``make(preset)``."""
    implementations: dict[str, str] = {}
    """Framework → module that writes this model in it, where that is not the file of its name in the framework's own
    folder: for models from another package."""
    precisions: tuple[Precision, ...] = (FLOAT32,)
    """What it is measured in; its module has ``make(preset, precision)`` where that is more than float32."""

    @property
    def module(self) -> str:
        """The file that writes it, in the folder of each framework."""
        return self.id


class Task(msgspec.Struct, frozen=True):
    """One line of the matrix that is no model: a computation whose call is timed."""

    id: str
    workload: str
    """The module that has ``make(preset, name=id, **options)``."""
    module: str
    """The file that writes it, in the folder of each framework; several tasks may share one."""
    options: dict[str, Scalar] = {}
    """What tells it from the other tasks of its module."""
    implementations: dict[str, str] = {}
    """As in ``Model``."""
    precisions: tuple[Precision, ...] = (FLOAT32,)
    """As in ``Model``; every task so far is in float32 alone."""


MODELS = {
    model.id: model
    for model in (
        Model("mlp", workload="speedscore.bench_suite.workloads.mlp", precisions=tuple(PRECISIONS)),
        Model("resnet50", workload="speedscore.bench_suite.workloads.resnet50", precisions=tuple(PRECISIONS)),
        Model("gpt", workload="speedscore.bench_suite.workloads.gpt", precisions=tuple(PRECISIONS)),
        Model("bert", workload="speedscore.bench_suite.workloads.bert", precisions=tuple(PRECISIONS)),
    )
}


_FOLDER = "speedscore.bench_suite.workloads"


def _task(name: str, module: str, **options: Scalar) -> Task:
    return Task(name, workload=f"{_FOLDER}.{module}", module=module, options=options)


TASKS: dict[str, Task] = {
    task.id: task
    for task in (
        *(
            _task(f"rl-{what}-{environments}", "rl", what=what, environments=environments)
            for what, environments in (
                ("rollout", 64),
                ("rollout", 4096),
                ("update", 64),
                ("update", 512),
                ("update", 4096),
            )
        ),
        *(_task(f"physics-{what}", "physics", what=what) for what in ("gradient", "inverse")),
        _task("per-example-gradients", "per_example_gradients"),
        _task("hessian-vector", "hessian_vector"),
        _task("jacobian", "jacobian"),
        *(
            _task(f"optimizers-{optimizer}-{network}", "optimizers", optimizer=optimizer, network=network)
            for network in MODELS
            for optimizer in ("sgd", "adam", "adamw")
        ),
        *(
            _task(f"remat-{network}-{policy}", "remat", network=network, policy=policy)
            for network in ("gpt", "resnet50")
            for policy in ("none", "full", "selective")
        ),
    )
}


def find_line(name: str) -> Model | Task:
    """The line of a model or of a task. Raises KeyError where there is neither."""
    return MODELS[name] if name in MODELS else TASKS[name]


def make_workload(model: str, preset: str, precision: Precision = FLOAT32) -> Workload:
    """Build the workload of ``model`` at ``preset``. Raises KeyError for a model that is not in the table."""
    return load_workload(MODELS[model].workload, preset, precision)


def load_workload(module: str, preset: str, precision: Precision = FLOAT32) -> Workload:
    """Build the workload of a module by its dotted name, also of one that stands in no table of ours."""
    make = importlib.import_module(module).make
    workload: Workload = make(preset) if precision == FLOAT32 else make(preset, precision)
    return workload


def make_task(task: str, preset: str) -> TaskWorkload:
    """Build the workload of ``task`` at ``preset``. Raises KeyError for a task that is not in the table."""
    line = TASKS[task]
    return load_task(line.workload, preset, line.options, name=task)


def load_task(module: str, preset: str, options: dict[str, Any], *, name: str) -> TaskWorkload:
    """Build a task by the dotted name of its module, also one that stands in no table of ours."""
    workload: TaskWorkload = importlib.import_module(module).make(preset, name=name, **options)
    return workload
