"""The models there are, as text: nothing is imported until a worker builds one.

Adding a model: 1. a module here that has ``make(preset)``; 2. a line below; 3. a file of the same name in the folder
of each framework that has it. A framework without that file declines the model, and the matrix says so.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Collecting the matrix imports this module, and has no time for NumPy.
    from bench_suite.workloads.workload import Workload

MODELS = {
    "mlp": "bench_suite.workloads.mlp",
    "resnet50": "bench_suite.workloads.resnet50",
    "gpt": "bench_suite.workloads.gpt",
}


def make_workload(model: str, preset: str) -> Workload:
    """Build the workload of ``model`` at ``preset``. Raises KeyError for a model that is not in the table."""
    return load_workload(MODELS[model], preset)


def load_workload(module: str, preset: str) -> Workload:
    """Build the workload of a module by its dotted name, also of one that stands in no table of ours."""
    workload: Workload = importlib.import_module(module).make(preset)
    return workload
