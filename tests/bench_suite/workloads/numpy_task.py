"""A task computed in NumPy with the verbs of a program: what a certificate says of right and wrong answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np

from speedscore.bench_suite.frameworks.program import TaskProgram
from speedscore.bench_suite.workers.task_certificate import certify_task
from speedscore.bench_suite.workloads.tanh_net import Doubles
from speedscore.bench_suite.workloads.task import Arguments, Results, TaskWorkload
from speedscore.record.run_record import Certificate


class _NumpyTask:
    """Answers after any number of calls what ``answer`` says of the arguments."""

    def __init__(self, answer: Callable[[Arguments], Doubles]) -> None:
        self._answer = answer
        self._arguments: Arguments = {}

    def feed(self, arguments: Arguments) -> None:
        self._arguments = arguments

    def call(self) -> None: ...

    def wait(self) -> None: ...

    def results(self) -> Results:
        return {name: values.astype(np.float32) for name, values in self._answer(self._arguments).items()}


def certify_in_numpy(task: TaskWorkload, answer: Callable[[Arguments], Doubles]) -> Certificate:
    """The certificate of a program that gives these answers, rounded to float32."""
    return certify_task(cast("TaskProgram", _NumpyTask(answer)), task)
