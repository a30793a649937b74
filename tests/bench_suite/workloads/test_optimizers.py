"""The tasks of optimizers alone: the schedule, the gradients, and the mistakes that their certificates refuse."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec
import numpy as np
import pytest

from speedscore.bench_suite.workloads.optimizers import RECIPES, Optimizing, Recipe, Schedule, split_arguments
from speedscore.bench_suite.workloads.reference_steps import Doubles
from speedscore.bench_suite.workloads.table import TASKS, make_task
from speedscore.bench_suite.workloads.task import Arguments
from speedscore.bench_suite.workloads.workload import AdamW
from tests.bench_suite.workloads.numpy_task import certify_in_numpy


def _task(optimizer: str, network: str = "mlp") -> Optimizing:
    return Optimizing(f"optimizers-{optimizer}-{network}", "smoke", network, RECIPES[optimizer])


def _updates(answers: Doubles) -> Doubles:
    return {name.removeprefix("update."): values for name, values in answers.items() if name.startswith("update.")}


def test_every_optimizer_is_a_task_on_the_parameters_of_every_model() -> None:
    tasks = [task for task in TASKS.values() if task.module == "optimizers"]
    assert len(tasks) == 12
    for network in ("mlp", "resnet50", "gpt", "bert"):
        described = make_task(f"optimizers-adam-{network}", "smoke").describe()
        assert described["parameters_of"] == network
        assert described["work"] > described["tensors"] > 1  # type: ignore[operator]


def test_a_schedule_rises_falls_and_stays() -> None:
    schedule = Schedule(first=0.1, last=0.2, warm_up_steps=4, steps=20)
    factors = [schedule.factor(step) for step in range(30)]
    assert factors[0] == 0.1
    assert factors[2] == pytest.approx(0.55)
    assert factors[4] == max(factors) == 1.0
    assert factors[12] == pytest.approx(0.6)
    assert factors[20:] == pytest.approx([0.2] * 10)


def test_gradients_have_one_norm_and_many_sizes_and_differ_with_the_draw() -> None:
    task = _task("adamw")
    _, gradients = split_arguments(task.arguments())
    _, others = split_arguments(task.arguments(1))
    assert math.sqrt(sum(float(np.sum(values.astype(np.float64) ** 2)) for values in gradients.values())) == (
        pytest.approx(4.0, rel=1e-5)
    )
    sizes = [float(np.std(values)) for values in gradients.values()]
    assert max(sizes) > 30 * min(sizes)
    assert all(np.any(values != others[name]) for name, values in gradients.items())


def test_ten_steps_of_sgd_are_the_closed_form_of_a_linear_recurrence() -> None:
    task = _task("sgd")
    arguments = task.arguments()
    options = task.recipe.optimizer
    parameters, gradients = split_arguments(arguments)
    # (w, v) ← (w − r(m v + g + d w), m v + g + d w)
    rate, momentum, decay = options.learning_rate, options.momentum, options.weight_decay  # type: ignore[union-attr]
    one = np.array([[1 - rate * decay, -rate * momentum, -rate], [decay, momentum, 1.0], [0.0, 0.0, 1.0]])
    ten = np.linalg.matrix_power(one, 10)
    answers = task.answers(arguments)
    for name, update in _updates(answers).items():
        weight, gradient = (part[name].astype(np.float64) for part in (parameters, gradients))
        np.testing.assert_allclose(update, (ten[0, 0] - 1) * weight + ten[0, 2] * gradient, rtol=1e-9, atol=1e-15)
        velocity = ten[1, 0] * weight + ten[1, 2] * gradient
        np.testing.assert_allclose(answers[f"velocity.{name}"], velocity, rtol=1e-9, atol=1e-15)


def test_adam_on_one_gradient_moves_by_the_gradient_over_its_size() -> None:
    task = _task("adam")
    arguments = task.arguments()
    _, gradients = split_arguments(arguments)
    for name, update in _updates(task.answers(arguments)).items():
        gradient = gradients[name].astype(np.float64)
        # The corrected moments of a gradient that never changes are it and its square.
        np.testing.assert_allclose(update, -10 * 1e-2 * gradient / (np.abs(gradient) + 1e-8), rtol=1e-9)


def _with_options(**options: float) -> Callable[[Recipe], Recipe]:
    def change(recipe: Recipe) -> Recipe:
        return msgspec.structs.replace(recipe, optimizer=msgspec.structs.replace(recipe.optimizer, **options))

    return change


def _with(**parts: object) -> Callable[[Recipe], Recipe]:
    return lambda recipe: msgspec.structs.replace(recipe, **parts)


class _Late(Schedule, frozen=True):
    """Off by one: the first step takes the factor of step 1."""

    def factor(self, step: int) -> float:
        return super().factor(step + 1)


class _Straight(Schedule, frozen=True):
    """A line where the cosine should be."""

    def factor(self, step: int) -> float:
        way = (step - self.warm_up_steps) / (self.steps - self.warm_up_steps)
        return super().factor(step) if way <= 0 else 1.0 - (1.0 - self.last) * way


def _another(kind: type[Schedule]) -> Callable[[Recipe], Recipe]:
    def change(recipe: Recipe) -> Recipe:
        assert recipe.schedule is not None
        return msgspec.structs.replace(recipe, schedule=kind(**msgspec.structs.asdict(recipe.schedule)))

    return change


_MUTANTS = {
    "sgd momentum": ("sgd", _with_options(momentum=0.89)),
    "sgd without decay": ("sgd", _with_options(weight_decay=0.0)),
    "sgd clipped": ("sgd", _with(clip_norm=1.0)),
    "adam beta1": ("adam", _with_options(beta1=0.91)),
    "adam beta2": ("adam", _with_options(beta2=0.9991)),
    "adam epsilon": ("adam", _with_options(epsilon=1e-7)),
    "adam decayed": ("adam", _with_options(weight_decay=1e-2)),
    "adamw beta2": ("adamw", _with_options(beta2=0.951)),
    "adamw without decay": ("adamw", _with_options(weight_decay=0.0)),
    "adamw at torch's decay": ("adamw", _with_options(weight_decay=1e-2)),
    "adamw unclipped": ("adamw", _with(clip_norm=None)),
    "adamw clipped to half": ("adamw", _with(clip_norm=0.5)),
    "adamw at a constant rate": ("adamw", _with(schedule=None)),
    "adamw one step late": ("adamw", _another(_Late)),
    "adamw down a line": ("adamw", _another(_Straight)),
}


@pytest.mark.parametrize("mutant", _MUTANTS)
def test_another_optimizer_is_refused(mutant: str) -> None:
    optimizer, change = _MUTANTS[mutant]
    task = _task(optimizer)
    wrong = msgspec.structs.replace(task, recipe=change(task.recipe))
    _refuses(task, wrong.answers)


def _refuses(task: Optimizing, answer: Callable[[Arguments], Doubles]) -> None:
    certificate = certify_in_numpy(task, answer)
    assert not certificate.passed
    assert min(check.error / check.tolerance for check in certificate.checks) > 3, certificate


def _adam_by_hand(
    task: Optimizing,
    arguments: Arguments,
    *,
    corrected: bool = True,
    coupled: bool = False,
    epsilon_hat: bool = False,
) -> Doubles:
    """AdamW with one mistake, step by step; without any, the right answer."""
    options, schedule, clip_norm = task.recipe.optimizer, task.recipe.schedule, task.recipe.clip_norm
    assert isinstance(options, AdamW)
    parameters, gradients = (
        {name: values.astype(np.float64) for name, values in part.items()} for part in split_arguments(arguments)
    )
    norm = math.sqrt(sum(float(np.sum(values**2)) for values in gradients.values()))
    clip = 1.0 if clip_norm is None else min(1.0, clip_norm / norm)
    answers: Doubles = {}
    for name, before in parameters.items():
        weight, first, second = before.copy(), np.zeros_like(before), np.zeros_like(before)
        for step in range(task.calls):
            gradient = clip * gradients[name] + (options.weight_decay * weight if coupled else 0.0)
            first = options.beta1 * first + (1 - options.beta1) * gradient
            second = options.beta2 * second + (1 - options.beta2) * gradient**2
            betas = options.beta1, options.beta2
            by_first, by_second = (1 - beta ** (step + 1) if corrected else 1.0 for beta in betas)
            root = np.sqrt(second / by_second) + options.epsilon / (math.sqrt(by_second) if epsilon_hat else 1.0)
            decay = 0.0 if coupled else options.weight_decay * weight
            rate = options.learning_rate * (1.0 if schedule is None else schedule.factor(step))
            weight = weight - rate * (first / by_first / root + decay)
        answers |= {f"update.{name}": weight - before, f"first.{name}": first, f"second.{name}": second}
    return answers


@pytest.mark.parametrize("optimizer", ["adam", "adamw"])
def test_adam_written_out_is_the_right_answer(optimizer: str) -> None:
    task = _task(optimizer)
    certificate = certify_in_numpy(task, lambda arguments: _adam_by_hand(task, arguments))
    assert max(check.error for check in certificate.checks) < 1e-6


@pytest.mark.parametrize(
    ("optimizer", "mistake"),
    [
        ("adam", {"corrected": False}),
        ("adamw", {"corrected": False}),
        ("adam", {"epsilon_hat": True}),
        ("adamw", {"epsilon_hat": True}),
        ("adamw", {"coupled": True}),
    ],
    ids=str,
)
def test_another_adam_is_refused(optimizer: str, mistake: dict[str, bool]) -> None:
    task = _task(optimizer)
    _refuses(task, lambda arguments: _adam_by_hand(task, arguments, **mistake))
