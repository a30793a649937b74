"""What holds of the tasks in every framework; see ``running`` for how it is run.

A check is told the framework, and where there are several of it the task or the mutation: ``jax rl-rollout-64``. No
framework is imported before a check asks for it, so that tests may read ``MUTATIONS``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np

from speedscore.bench_suite.frameworks.program import TaskProgram
from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.matrix.cases import implementation
from speedscore.bench_suite.workers.task_certificate import certify_task
from speedscore.bench_suite.workloads import cartpole, rl
from speedscore.bench_suite.workloads.table import TASKS, make_task
from speedscore.bench_suite.workloads.task import TaskWorkload
from tests.bench_suite.frameworks.checks.programs import given_threads

CARTPOLE_STEPS = 500
CARTPOLE_ENVIRONMENTS = 64


def a_task_is_certified(program: str) -> None:
    framework, task = program.split()
    certificate = certify_task(_build(framework, make_task(task, "smoke")), make_task(task, "smoke"))
    assert certificate.passed, certificate.checks


def cartpole_agrees_with_numpy_at_each_of_500_steps(program: str) -> None:
    task = rl.make(
        "smoke",
        name="rl-rollout-64",
        what=rl.ROLLOUT,
        environments=CARTPOLE_ENVIRONMENTS,
        steps=CARTPOLE_STEPS,
    )
    built, answers = _build(program, task), task.answers(task.arguments())
    built.call()
    built.wait()
    results = built.results()
    assert results["observations"].shape == (CARTPOLE_STEPS, CARTPOLE_ENVIRONMENTS, 4)
    assert 0 < answers["terminated"].mean() < 0.5, "what follows the end of an episode is to be seen too"
    assert 0 < answers["actions"].mean() < 1
    for step in range(CARTPOLE_STEPS):
        for name in ("actions", "terminated"):
            np.testing.assert_array_equal(results[name][step], answers[name][step], err_msg=f"{name}, step {step}")
        # Half of the margin that every decision has: rounding comes nowhere near another one.
        np.testing.assert_allclose(
            results["observations"][step], answers["observations"][step], rtol=0, atol=rl.MARGIN / 2
        )


def a_mutant_is_refused(program: str) -> None:
    framework, mutation = program.split()
    task, mutate = MUTATIONS[mutation]
    workload = make_task(task, "smoke")
    with mutate(importlib.import_module(_implementation(framework, task))):
        certificate = certify_task(_build(framework, workload), workload)
    assert not certificate.passed, certificate.checks


def _implementation(framework: str, task: str) -> str:
    return implementation(FRAMEWORKS[framework], TASKS[task])


def _build(framework: str, task: TaskWorkload) -> TaskProgram:
    line = FRAMEWORKS[framework]
    program = line.load_task_builder()(
        task,
        implementation=_implementation(framework, task.model),
        device="cpu",
        variant=line.variant,
        threads=given_threads(),
    )
    program.compile()
    return program


Mutate = Callable[[Any], AbstractContextManager[Any]]
"""The framework's module of the task → while it is entered, what is built of it is wrong."""


def _replaced(module: Any, *, name: str, value: Any) -> AbstractContextManager[Any]:
    return mock.patch.object(module, name, value)


def _another_cartpole(module: Any, *, name: str, value: float) -> AbstractContextManager[Any]:
    return mock.patch.object(module, "cartpole", SimpleNamespace(**(vars(cartpole) | {name: value})))


def _endless_episodes(module: Any) -> AbstractContextManager[Any]:
    right = module._discounted_returns
    return mock.patch.object(module, "_discounted_returns", lambda terminated: right(terminated & False))


def _wrapped_around(module: Any) -> AbstractContextManager[Any]:
    """A square whose left edge is its right one."""
    pad = module.torch.nn.functional.pad
    return mock.patch.object(
        module.torch.nn.functional, "pad", lambda field, widths: pad(field[None, None], widths, mode="circular")[0, 0]
    )


def _without_a_neighbour(module: Any) -> AbstractContextManager[Any]:
    def step(field: Any) -> Any:
        padded = module.torch.nn.functional.pad(field, (1, 1, 1, 1))
        neighbours = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2]
        return field + module.RATIO * (neighbours - 4.0 * field)

    return mock.patch.object(module, "_step", step)


def _stopped_halfway(module: Any) -> AbstractContextManager[Any]:
    """The right final field, and a gradient with respect to the field of halfway."""
    right, calls = module._advance, iter(range(10**9))
    halfway = module.STEPS // module.STEPS_A_GRAPH // 2

    def advance(field: Any, source: Any) -> Any:
        after = right(field, source)
        if next(calls) % (2 * halfway) >= halfway:
            return after
        return after.detach() + (field - field.detach())

    return mock.patch.object(module, "_advance", advance)


CONSTANTS: dict[str, tuple[str, Mutate]] = {
    "time-step": ("physics-gradient", partial(_replaced, name="RATIO", value=0.1998)),
    "half-of-the-steps": ("physics-gradient", partial(_replaced, name="STEPS", value=100)),
    "inverse-time-step": ("physics-inverse", partial(_replaced, name="RATIO", value=0.199)),
    "an-iteration-less": ("physics-inverse", partial(_replaced, name="ITERATIONS", value=4)),
    "discount": ("rl-update-64", partial(_replaced, name="DISCOUNT", value=0.985)),
    "learning-rate": ("rl-update-64", partial(_replaced, name="LEARNING_RATE", value=0.11)),
    "pole-length": ("rl-rollout-64", partial(_another_cartpole, name="HALF_LENGTH", value=0.501)),
    "angle-limit": ("rl-rollout-64", partial(_another_cartpole, name="ANGLE_LIMIT", value=0.2)),
}
"""One number of the framework's module is another: for every framework."""
IN_TORCH: dict[str, tuple[str, Mutate]] = {
    "endless-episodes": ("rl-update-64", _endless_episodes),
    "wrapped-around": ("physics-gradient", _wrapped_around),
    "without-a-neighbour": ("physics-gradient", _without_a_neighbour),
    "stopped-halfway": ("physics-gradient", _stopped_halfway),
}
"""What is written differently: for eager PyTorch, which compiles nothing."""
MUTATIONS = CONSTANTS | IN_TORCH
