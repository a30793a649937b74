"""The right answers of the tasks that differentiate a perceptron, against finite differences, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from speedscore.bench_suite.workloads import tanh_net
from speedscore.bench_suite.workloads.hessian_vector import HessianVector
from speedscore.bench_suite.workloads.jacobian import Jacobian
from speedscore.bench_suite.workloads.per_example_gradients import PerExampleGradients
from speedscore.bench_suite.workloads.table import make_task
from speedscore.bench_suite.workloads.task import Arguments
from tests.bench_suite.workloads.numpy_task import certify_in_numpy

_Task = HessianVector | PerExampleGradients | Jacobian

_LIMITS = make_task("jacobian", "smoke").limits
_SIZES = (4, 6, 5, 3)
_BATCH = 3
_STEP = 1e-5


def _losses(arguments: Arguments) -> Any:
    """½ ‖output − target‖² of each example."""
    outputs = tanh_net.activations(*tanh_net.split_doubles(arguments))[-1]
    return 0.5 * np.sum((outputs - arguments["targets"]) ** 2, axis=1)


def _moved(arguments: Arguments, name: str, change: NDArray[np.float64]) -> Any:
    return arguments | {name: arguments[name].astype(np.float64) + change}


def _unit(values: NDArray[Any], place: Any) -> NDArray[np.float64]:
    unit = np.zeros(values.shape)
    unit[place] = _STEP
    return unit


def _doubles(arguments: Arguments) -> Any:
    return {name: values.astype(np.float64) for name, values in arguments.items()}


def test_the_gradient_of_each_example_is_that_of_finite_differences() -> None:
    task = PerExampleGradients("t", "tiny", _BATCH, _SIZES, _LIMITS)
    arguments = _doubles(task.arguments())
    for name, gradients in task.answers(arguments).items():
        for place in np.ndindex(arguments[name].shape):
            change = _unit(arguments[name], place)
            slopes = (_losses(_moved(arguments, name, change)) - _losses(_moved(arguments, name, -change))) / (
                2 * _STEP
            )
            np.testing.assert_allclose(gradients[(slice(None), *place)], slopes, rtol=1e-6, atol=1e-8)


def test_the_hessian_times_a_vector_is_that_of_finite_differences_of_the_gradients() -> None:
    task = HessianVector("t", "tiny", _BATCH, _SIZES, _LIMITS)
    gradients = PerExampleGradients("t", "tiny", _BATCH, _SIZES, _LIMITS)
    arguments = _doubles(task.arguments())
    names = [name for name in arguments if name.startswith("dense")]

    def mean_gradients(sign: float) -> tanh_net.Doubles:
        moved = {name: arguments[name] + sign * _STEP * arguments[f"vector.{name}"] for name in names}
        return {name: values.mean(axis=0) for name, values in gradients.answers(arguments | moved).items()}

    ahead, behind = mean_gradients(1.0), mean_gradients(-1.0)
    for name, product in task.answers(arguments).items():
        np.testing.assert_allclose(product, (ahead[name] - behind[name]) / (2 * _STEP), rtol=1e-6, atol=1e-8)


def test_the_jacobian_is_that_of_finite_differences() -> None:
    task = Jacobian("t", "tiny", _BATCH, _SIZES, _LIMITS)
    arguments = _doubles(task.arguments())
    jacobian = task.answers(arguments)["jacobian"]

    def outputs(change: NDArray[np.float64]) -> NDArray[np.float64]:
        return tanh_net.activations(*tanh_net.split_doubles(_moved(arguments, "inputs", change)))[-1]

    for feature in range(_SIZES[0]):
        change = _unit(arguments["inputs"], (slice(None), feature))
        slopes = (outputs(change) - outputs(-change)) / (2 * _STEP)
        np.testing.assert_allclose(jacobian[:, :, feature], slopes, rtol=1e-6, atol=1e-8)


def _unbent(task: _Task, arguments: Arguments) -> tanh_net.Doubles:
    """The product with the part of the Hessian that does not ask for the curvature of tanh in the loss: at targets that
    are met, where the cotangents vanish."""
    outputs = tanh_net.activations(*tanh_net.split_doubles(arguments))[-1]
    met: Any = arguments | {"targets": outputs}
    return task.answers(met)


def _of_the_sum(task: _Task, arguments: Arguments) -> tanh_net.Doubles:
    return {name: values * len(arguments["inputs"]) for name, values in task.answers(arguments).items()}


def _without_a_bias(task: _Task, arguments: Arguments) -> tanh_net.Doubles:
    return task.answers(arguments | {"dense0.bias": 0 * arguments["dense0.bias"]})


def _averaged(task: _Task, arguments: Arguments) -> tanh_net.Doubles:
    """Each example given the mean of all."""
    answers = task.answers(arguments)
    return {name: np.broadcast_to(values.mean(axis=0), values.shape) for name, values in answers.items()}


@pytest.mark.parametrize(
    ("name", "mutant"),
    [
        ("hessian-vector", _unbent),
        ("hessian-vector", _of_the_sum),
        ("hessian-vector", _without_a_bias),
        ("per-example-gradients", _averaged),
        ("per-example-gradients", _of_the_sum),
        ("per-example-gradients", _without_a_bias),
        ("jacobian", _without_a_bias),
    ],
)
def test_another_derivative_is_refused(name: str, mutant: Callable[..., tanh_net.Doubles]) -> None:
    kind: Any = {"hessian-vector": HessianVector, "per-example-gradients": PerExampleGradients, "jacobian": Jacobian}[
        name
    ]
    task = kind(name, "tiny", 16, (8, 16, 16, 4), make_task(name, "smoke").limits)
    assert certify_in_numpy(task, lambda arguments: task.answers(arguments)).passed
    refused = certify_in_numpy(task, lambda arguments: mutant(task, arguments))
    assert min(check.error for check in refused.checks) > 30 * max(check.tolerance for check in refused.checks)
