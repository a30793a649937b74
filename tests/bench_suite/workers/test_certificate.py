"""The certificate against a program in plain NumPy, whole and then broken in one place after another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from speedscore.bench_suite.workers.certificate import (
    INCOMPARABLE,
    CertificateError,
    certify,
    expected_limits,
    require_passed,
)
from speedscore.bench_suite.workers.optimizer_check import check_optimizer
from speedscore.bench_suite.workloads.reference_steps import Doubles, optimizer_step
from speedscore.bench_suite.workloads.table import make_workload
from speedscore.bench_suite.workloads.workload import Weights
from speedscore.record.phases import MODEL_ROLES, Role
from speedscore.record.run_record import Certificate, Check
from tests.bench_suite.workers.numpy_program import WORKLOAD, NumpyProgram


def _change_gradients(change: Callable[[Weights], None]) -> type[NumpyProgram]:
    class Changed(NumpyProgram):
        def loss_and_gradients(self) -> tuple[float, Weights]:
            loss, gradients = super().loss_and_gradients()
            change(gradients)
            return loss, gradients

    return Changed


class OneTooMany(NumpyProgram):
    def trained_count(self) -> int:
        return super().trained_count() + 1


class WrongLogits(NumpyProgram):
    def forward(self) -> Any:
        return super().forward() * np.float32(1.001)


class LogitsOfAnotherShape(NumpyProgram):
    def forward(self) -> Any:
        return super().forward().T


class LossOfAnotherStep(NumpyProgram):
    def loss(self) -> float:
        return super().loss() * 1.01


class LossThatIsNotANumber(NumpyProgram):
    def loss(self) -> float:
        return float("nan")


class LostTensor(NumpyProgram):
    def weights(self) -> Weights:
        return {name: array for name, array in super().weights().items() if name != "dense1.bias"}


class StandingStill(NumpyProgram):
    def step(self) -> None:
        if self.steps < 4:
            super().step()


def test_a_right_program_passes_and_is_left_as_it_was() -> None:
    program = NumpyProgram()
    certificate = certify(program, WORKLOAD, "training")
    require_passed("numpy-mlp", certificate)
    assert [check.quantity for check in certificate.checks] == [
        "parameter count",
        "forward outputs",
        "loss",
        "gradients",
        "parameters after five steps",
        "optimizer",
        "second batch",
    ]
    assert certificate.worst_ratio < 0.1
    assert program.steps == 0
    np.testing.assert_array_equal(program.weights()["dense0.kernel"], WORKLOAD.parameters()["dense0.kernel"])


@pytest.mark.parametrize("role", ["inference", "throughput"])
def test_a_pass_is_certified_as_it_is_timed(role: Role) -> None:
    certificate = certify(NumpyProgram(role), WORKLOAD, role)
    require_passed("numpy-mlp", certificate)
    assert [check.quantity for check in certificate.checks] == [
        "parameter count",
        "forward outputs",
        "loss",
        "second batch",
    ]


@pytest.mark.parametrize(("role", "asked"), [("inference", "throughput"), ("throughput", "inference")])
def test_a_pass_over_other_inputs_than_its_role_s_fails(role: Role, asked: Role) -> None:
    certificate = certify(NumpyProgram(role), WORKLOAD, asked)
    assert [check.passed for check in certificate.checks][:3] == [True, False, False]


_BROKEN = {
    "one-too-many": (OneTooMany, "parameter count", ""),
    "wrong-logits": (WrongLogits, "forward outputs", "outputs"),
    "misshapen-logits": (LogitsOfAnotherShape, "forward outputs", "outputs (shape (10, 128), not (128, 10))"),
    "loss-of-another-step": (LossOfAnotherStep, "loss", ""),
    "loss-not-a-number": (LossThatIsNotANumber, "loss", ""),
    "gradient-missing": (
        _change_gradients(lambda gradients: gradients.__delitem__("dense0.bias")),
        "gradients",
        "dense0.bias (missing)",
    ),
    "gradient-extra": (
        _change_gradients(lambda gradients: gradients.update(more=np.zeros(1, np.float32))),
        "gradients",
        "more (not in the workload)",
    ),
    "gradient-not-finite": (
        _change_gradients(lambda gradients: gradients["dense1.kernel"].__setitem__((0, 0), np.inf)),
        "gradients",
        "dense1.kernel",
    ),
    "gradient-scaled": (
        _change_gradients(
            lambda gradients: gradients.update({"dense2.bias": gradients["dense2.bias"] * np.float32(1.01)})
        ),
        "gradients",
        "dense2.bias",
    ),
    "weight-missing": (LostTensor, "parameters after five steps", "dense1.bias (missing)"),
    "step-left-out": (StandingStill, "parameters after five steps", "dense"),
}


@pytest.mark.filterwarnings("ignore:invalid value encountered")
@pytest.mark.parametrize(("program", "quantity", "tensor"), _BROKEN.values(), ids=_BROKEN.keys())
def test_what_is_broken_is_named(program: type[NumpyProgram], quantity: str, tensor: str) -> None:
    failure = certify(program(), WORKLOAD, "training").first_failure
    assert failure is not None
    assert failure.quantity == quantity
    assert failure.tensor.startswith(tensor)
    assert failure.error <= INCOMPARABLE


@pytest.mark.parametrize("role", ["inference", "throughput"])
def test_a_pass_with_logits_of_another_shape_fails(role: Role) -> None:
    certificate = certify(LogitsOfAnotherShape(role), WORKLOAD, role)
    assert [check.passed for check in certificate.checks][:3] == [True, False, False]


@pytest.mark.parametrize("role", MODEL_ROLES)
def test_what_is_expected_of_a_certificate_is_what_it_says(role: Role) -> None:
    certificate = certify(NumpyProgram(role), WORKLOAD, role)
    said = {check.quantity: check.tolerance for check in certificate.checks}
    assert said == expected_limits(WORKLOAD, role)


class Memoised(NumpyProgram):
    """Answers every pass with what the first one gave."""

    def infer(self) -> None:
        if not hasattr(self, "logits"):
            super().infer()


class BatchBakedIn(NumpyProgram):
    """Computes with the batch that it was built with, whatever it is fed."""

    def feed(self, inputs: Any, targets: Any) -> None:
        if not hasattr(self, "inputs"):
            super().feed(inputs, targets)


@pytest.mark.parametrize("role", ["inference", "throughput"])
def test_a_pass_that_was_memoised_fails(role: Role) -> None:
    failure = certify(Memoised(role), WORKLOAD, role).first_failure
    assert failure is not None
    assert failure.quantity == "second batch"


@pytest.mark.parametrize("role", ["training", "inference", "throughput"])
def test_a_batch_that_was_baked_in_fails(role: Role) -> None:
    failure = certify(BatchBakedIn(role), WORKLOAD, role).first_failure
    assert failure is not None
    assert failure.quantity in ("optimizer", "second batch")


def _stepping(step: Callable[..., None]) -> type[NumpyProgram]:
    class Stepping(NumpyProgram):
        def step(self) -> None:
            self.steps += 1
            found = self.method.train(self.parameters, {}, self.inputs, self.targets)
            self.last_loss = found.loss
            step(self.workload.optimizer, self.steps, self.parameters, found.gradients, self.moments)

    return Stepping


def _other_epsilon(optimizer: Any, *state: Any) -> None:
    optimizer_step(replace(optimizer, epsilon=1e-7), *state)


def _falling_rate(optimizer: Any, step: int, *state: Any) -> None:
    optimizer_step(replace(optimizer, learning_rate=optimizer.learning_rate * 0.999 ** (step - 1)), step, *state)


def _rounded_moments(optimizer: Any, step: int, parameters: Doubles, gradients: Doubles, moments: Any) -> None:
    optimizer_step(optimizer, step, parameters, gradients, moments)
    for of_tensor in moments.values():
        for name, values in of_tensor.items():
            # The upper half of a float32 is a bfloat16.
            bits = values.astype(np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
            of_tensor[name] = bits.view(np.float32).astype(np.float64)


def _without_decay(optimizer: Any, step: int, parameters: Doubles, gradients: Doubles, moments: Any) -> None:
    before = parameters["dense1.kernel"].copy()
    optimizer_step(optimizer, step, parameters, gradients, moments)
    parameters["dense1.kernel"] += optimizer.learning_rate * optimizer.weight_decay * before


def _amsgrad(optimizer: Any, step: int, parameters: Doubles, gradients: Doubles, moments: Any) -> None:
    largest = {name: of_tensor["second"].copy() for name, of_tensor in moments.items()}
    before = {name: weight.copy() for name, weight in parameters.items()}
    optimizer_step(optimizer, step, parameters, gradients, moments)
    for name, weight in parameters.items():
        # What is kept is the largest so far; the formula of the workload would let it fall.
        second = np.maximum(moments[name]["second"], largest.get(name, 0.0))
        corrected = np.sqrt(second / (1 - optimizer.beta2**step)) + optimizer.epsilon
        direction = moments[name]["first"] / (1 - optimizer.beta1**step) / corrected
        weight[...] = before[name] - optimizer.learning_rate * (direction + optimizer.weight_decay * before[name])
        moments[name]["second"] = second


@pytest.mark.parametrize(
    ("step", "model"),
    [
        pytest.param(_other_epsilon, "mlp", id="epsilon of Keras"),
        pytest.param(_falling_rate, "mlp", id="rate that falls by a thousandth a step"),
        pytest.param(_rounded_moments, "mlp", id="moments in bfloat16"),
        pytest.param(_without_decay, "mlp", id="a kernel without decay"),
        pytest.param(_amsgrad, "gpt", id="amsgrad"),
    ],
)
def test_another_optimizer_shows_in_its_steps(step: Callable[..., None], model: str) -> None:
    workload: Any = make_workload(model, "smoke")
    if model == "gpt":
        # What an optimizer does shows in one layer as well as in four.
        workload = replace(workload, layers=1)
    program = _stepping(step)(workload=workload)
    check = check_optimizer(program, workload, program.loss_and_gradients()[1])
    assert check.error > 2 * check.tolerance


def test_the_right_optimizer_has_no_error_in_its_steps() -> None:
    program = NumpyProgram()
    assert check_optimizer(program, WORKLOAD, program.loss_and_gradients()[1]).error == 0.0


def test_a_gradient_that_is_noise_may_be_another_in_the_step_than_when_it_is_read() -> None:
    # As on a GPU, where what takes the step and what reads the gradients are tuned apart.
    workload: Any = make_workload("gpt", "smoke")
    workload = replace(workload, layers=1)
    noisy = "block0.attn.key.bias"
    chance = np.random.default_rng(0)

    def scatter(gradients: Weights) -> None:
        gradients[noisy] = chance.normal(scale=1e-9, size=gradients[noisy].shape).astype(np.float32)

    program = _change_gradients(scatter)(workload=workload)
    gradients = program.loss_and_gradients()[1]
    assert check_optimizer(program, workload, gradients).tensor == noisy
    assert check_optimizer(program, workload, gradients, aimless=[noisy]).passed


def test_the_error_names_case_quantity_tensor_error_and_tolerance() -> None:
    certificate = Certificate("float64 NumPy", (Check("gradients", "dense0.bias", 0.25, 1e-4),))
    with pytest.raises(
        CertificateError, match=r"jax-mlp: gradients wrong at dense0\.bias: error 0\.25, tolerance 0\.0001"
    ):
        require_passed("jax-mlp", certificate)


def test_a_certificate_without_checks_proves_nothing() -> None:
    with pytest.raises(CertificateError, match="holds no check"):
        require_passed("jax-mlp", Certificate("float64 NumPy", ()))
