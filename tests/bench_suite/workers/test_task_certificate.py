"""The certificate of every task against a program in plain NumPy, whole and then broken in one result after another."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from speedscore.bench_suite.workers.certificate import INCOMPARABLE
from speedscore.bench_suite.workers.task_certificate import certify_task, check_task_after_rounds, expected_task_limits
from speedscore.bench_suite.workloads.table import TASKS, make_task
from speedscore.bench_suite.workloads.task import Arguments, Limits, Results, SketchedAnswer, TaskWorkload
from speedscore.host.fields import Scalar
from speedscore.record.run_record import Certificate, Check

SCALED_BY_LIMITS = 100
RESULTS_KEPT = 13
PART = 1e-3
"""A result that is less than this of the whole that it is a part of is judged by the whole."""


class KnownTask:
    """A task that makes each draw's arguments and answers once, and has no more than the smallest of its results.

    Of right answers that are sketches no tensor is known: random ones of the same shapes stand in.
    """

    def __init__(self, task: TaskWorkload) -> None:
        self._task = task
        self._arguments = cache(task.arguments)
        self._known = cache(self._know)
        self.limits = Limits(
            {name: limit for name, limit in task.limits.by_result.items() if name in self._known(0)}, task.limits.reason
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    def _know(self, draw: int) -> dict[str, NDArray[np.float64]]:
        answers = self._task.answers(self.arguments(draw))
        shapes = {
            name: answer.sketch.shape if isinstance(answer, SketchedAnswer) else answer.shape
            for name, answer in answers.items()
        }
        kept = sorted(shapes, key=lambda name: math.prod(shapes[name]))[:RESULTS_KEPT]
        stand_in = np.random.default_rng(draw).standard_normal
        return {
            name: stand_in(shapes[name]) if isinstance(answer, SketchedAnswer) else answer
            for name, answer in answers.items()
            if name in kept
        }

    def arguments(self, draw: int = 0) -> Arguments:
        return self._arguments(draw)

    def answers(self, arguments: Arguments) -> dict[str, NDArray[np.float64]]:
        return self._known(next(draw for draw in (0, 1) if self.arguments(draw) is arguments))

    def limit(self, name: str) -> float:
        """What the certificate allows of the result itself, which may be a small part of a whole."""
        answers = self.answers(self.arguments(0))
        parts = [values for other, values in answers.items() if other.partition(".")[0] == name.partition(".")[0]]
        floor = PART * math.sqrt(sum(float((values**2).sum()) for values in parts))
        return self.limits.by_result[name] * max(1.0, floor / float(np.linalg.norm(answers[name].reshape(-1))))


Change = Callable[[Results], Results]


class NumpyTask:
    """Answers the verbs of a task's program with the right answers, changed."""

    def __init__(self, task: KnownTask, change: Change = dict) -> None:
        self._task, self._change = task, change
        self.feed(task.arguments(0))

    def feed(self, arguments: Arguments) -> None:
        self.arguments = arguments
        self.load()

    def load(self) -> None:
        self.calls = 0

    def compile(self) -> dict[str, float]:
        return {}

    def call(self) -> None:
        self.calls += 1

    def wait(self) -> None: ...

    def pending(self) -> bool:
        return False

    def steady(self) -> AbstractContextManager[None]:
        return nullcontext()

    def results(self) -> Results:
        assert self.calls == self._task.calls, "the answers are those of so many calls"
        answers = self._task.answers(self.arguments)
        return self._change({name: values.astype(np.float32) for name, values in answers.items()})

    def reset_peak(self) -> None: ...

    def memory(self) -> dict[str, int]:
        return {}

    def counts(self) -> dict[str, int]:
        return {}

    def describe(self) -> dict[str, Scalar]:
        return {}


_FIRST = {task.module: task.id for task in reversed(TASKS.values())}
_LAST = {task.module: task.id for task in TASKS.values()}
_TRIED = sorted({*_FIRST.values(), *_LAST.values()})
"""The tasks of one module differ in their options: its first and last stand for all of them."""


@cache
def _known(task: str) -> KnownTask:
    return KnownTask(make_task(task, "smoke"))


def _certify(task: str, change: Change = dict) -> Certificate:
    known: Any = _known(task)
    return certify_task(NumpyTask(known, change), known)


@pytest.mark.parametrize("task", _TRIED)
def test_the_right_answers_pass_and_leave_the_program_at_its_start(task: str) -> None:
    known: Any = _known(task)
    program = NumpyTask(known)
    certificate = certify_task(program, known)
    assert certificate.passed
    assert {check.quantity: check.tolerance for check in certificate.checks}.keys() == expected_task_limits(
        known
    ).keys()
    assert program.arguments is known.arguments(0)
    assert program.calls == 0
    assert all(check.passed for check in check_task_after_rounds(program, known))


@pytest.mark.parametrize("task", _TRIED)
def test_any_one_result_that_is_scaled_by_a_hundred_limits_is_refused(task: str) -> None:
    known = _known(task)
    for name in known.limits.by_result:

        def scaled(results: Results, name: str = name) -> Results:
            factor = 1 + SCALED_BY_LIMITS * known.limit(name)
            return results | {name: (results[name] * np.float64(factor)).astype(np.float32)}

        failed = [check for check in _certify(task, scaled).checks if not check.passed]
        assert [check.tensor for check in failed] == [name, name]


@pytest.mark.parametrize("task", _TRIED)
def test_results_of_the_first_arguments_are_refused_for_others(task: str) -> None:
    known = _known(task)
    kept = {name: values.astype(np.float32) for name, values in known.answers(known.arguments(0)).items()}
    passed = {check.quantity: check.passed for check in _certify(task, lambda _: kept).checks}
    assert passed == {"results": True, "other arguments": False}


def _without(results: Results, name: str) -> Results:
    return {other: values for other, values in results.items() if other != name}


BROKEN: dict[str, Callable[[Results, str], Results]] = {
    "missing": _without,
    "renamed": lambda results, name: _without(results, name) | {f"{name}.": results[name]},
    "more": lambda results, name: results | {f"{name}.": results[name]},
    "misshapen": lambda results, name: results | {name: results[name][..., None]},
    "not a number": lambda results, name: results | {name: results[name] * np.float32("nan")},
}


@pytest.mark.parametrize("broken", BROKEN)
def test_what_cannot_be_compared_is_refused(broken: str) -> None:
    name = "jacobian"
    checks: tuple[Check, ...] = _certify("jacobian", lambda results: BROKEN[broken](results, name)).checks
    assert [check.error for check in checks] == [INCOMPARABLE, INCOMPARABLE]
    assert not any(check.passed for check in checks)


@pytest.mark.parametrize("task", _TRIED)
def test_limits_say_what_was_observed(task: str) -> None:
    limits = _known(task).limits
    assert limits.reason
    assert all(0 < limit < 0.01 for limit in limits.by_result.values())
