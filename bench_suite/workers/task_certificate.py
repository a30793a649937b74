"""The proof that a program computes what its task says, against float64 made for the very arguments that it was given.

Works through the program's verbs alone, on the very call that is timed: with the task's own arguments, with others of
the same shapes, and once more when the last round is over. It never imports a framework and never times anything.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.frameworks.program import TaskProgram
from speedscore.bench_suite.workers import after_rounds
from speedscore.bench_suite.workers.certificate import INCOMPARABLE
from speedscore.bench_suite.workers.rounds import time_round
from speedscore.bench_suite.workloads.sketch import distance
from speedscore.bench_suite.workloads.task import Answers, Limits, SketchedAnswer, TaskWorkload
from speedscore.record.run_record import Certificate, Check

OTHER_DRAW = 1
"""Of the arguments that the program was not built with."""
_FLOOR = 1e-3
"""As for gradients in ``certificate``: a part below this much of its whole is judged by the whole."""


def certify_task(program: TaskProgram, task: TaskWorkload) -> Certificate:
    """Compare the results with float64's, passed or not, and leave the program at the start with its own arguments."""
    checks = []
    for quantity, draw in (("results", 0), ("other arguments", OTHER_DRAW)):
        arguments = task.arguments(draw)
        program.feed(arguments)
        for _ in range(task.calls):
            program.call()
        program.wait()
        checks.append(_compare(quantity, program.results(), task.answers(arguments), task.limits))
    program.feed(task.arguments())
    return Certificate(task.made_by, tuple(checks))


def check_task_after_rounds(program: TaskProgram, task: TaskWorkload) -> tuple[Check, ...]:
    """The same of the calls of one more round in the loop that was timed, from the start."""
    program.load()
    time_round(program, role="capability", steps=task.calls)
    return (_compare(after_rounds.QUANTITY, program.results(), task.answers(task.arguments()), task.limits),)


def expected_task_limits(task: TaskWorkload) -> dict[str, float]:
    """Each quantity of a task's certificate, with the largest tolerance that it may be held to."""
    furthest = max(task.limits.by_result.values())
    return {"results": furthest, "other arguments": furthest}


def _compare(quantity: str, results: Mapping[str, NDArray[np.float32]], answers: Answers, limits: Limits) -> Check:
    """The result that is furthest off, in parts of what it may be; one that is missing, extra or misshapen is worst."""
    wholes = _wholes(answers)
    errors = {
        name: _error(results.get(name), answers.get(name), least=_FLOOR * wholes.get(_group(name), 0.0))
        for name in results.keys() | limits.by_result.keys()
    }
    worst = max(sorted(errors), key=lambda name: errors[name] / limits.by_result.get(name, 1.0))
    return Check(quantity, worst, errors[worst], limits.by_result.get(worst, 0.0))  # type: ignore[arg-type]


def _error(
    values: NDArray[np.float32] | None, answer: NDArray[np.float64] | SketchedAnswer | None, *, least: float
) -> float:
    """L2 norm of the difference over that of the answer, or over ``least`` where that is more."""
    if values is None or answer is None or values.shape != _shape(answer):
        return INCOMPARABLE
    if isinstance(answer, SketchedAnswer):
        off = distance(answer.name, values, answer.sketch)
    else:
        off = float(np.linalg.norm((values.astype(np.float64) - answer).reshape(-1)))
    scale = max(_norm(answer), least)
    error = off / scale if scale else float(off > 0) * INCOMPARABLE
    return error if np.isfinite(error) else INCOMPARABLE


def _group(name: str) -> str:
    return name.partition(".")[0]


def _wholes(answers: Answers) -> dict[str, float]:
    """The norm of all parts of a group together."""
    squares: dict[str, float] = {}
    for name, answer in answers.items():
        squares[_group(name)] = squares.get(_group(name), 0.0) + _norm(answer) ** 2
    return {group: math.sqrt(square) for group, square in squares.items()}


def _norm(answer: NDArray[np.float64] | SketchedAnswer) -> float:
    return answer.sketch.norm if isinstance(answer, SketchedAnswer) else float(np.linalg.norm(answer.reshape(-1)))


def _shape(answer: NDArray[np.float64] | SketchedAnswer) -> tuple[int, ...]:
    return answer.sketch.shape if isinstance(answer, SketchedAnswer) else answer.shape
