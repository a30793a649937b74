"""A task in Keras 3, on the backend that the line's variant names; it sets the backend as ``program`` does.

The tasks of the optimizers are Keras' own. The others are transformations and loops, for which Keras' users turn to the
backend itself.
"""

from __future__ import annotations

import importlib

from speedscore.bench_suite.frameworks.keras.program import import_backend
from speedscore.bench_suite.frameworks.program import TaskProgram
from speedscore.bench_suite.workloads.task import TaskWorkload
from speedscore.record.phases import DeviceName


def build(task: TaskWorkload, *, implementation: str, device: DeviceName, variant: str, threads: int) -> TaskProgram:
    """Answers ``speedscore.bench_suite.frameworks.program.TaskBuilder``.

    ``implementation`` offers ``make(task, add_decay=...)``, which returns a Keras optimizer. Raises as
    ``program.build`` does.
    """
    import_backend(variant, device=device)
    program: TaskProgram = importlib.import_module(f"{__package__}.on_{variant}_tasks").build(
        task, implementation=implementation, device=device, threads=threads
    )
    return program
