"""The certificate against a program in plain NumPy, whole and then broken in one place after another."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import pytest

from speedscore.bench_suite.workers.certificate import INCOMPARABLE, CertificateError, certify, require_passed
from speedscore.bench_suite.workloads import mlp
from speedscore.bench_suite.workloads.mlp_reference import METHOD
from speedscore.bench_suite.workloads.reference_steps import Doubles, optimizer_step
from speedscore.bench_suite.workloads.workload import Weights
from speedscore.host.fields import Scalar
from speedscore.record.phases import Role
from speedscore.record.run_record import Certificate, Check

_WORKLOAD = mlp.make("smoke")


class NumpyProgram:
    """The perceptron through the verbs of a program."""

    def __init__(self, role: Role = "training") -> None:
        self.inputs = _WORKLOAD.single_input() if role == "inference" else _WORKLOAD.inputs()
        self.loads = 0
        self.load()

    def load(self) -> None:
        self.loads += 1
        self.parameters: Doubles = {name: array.astype(np.float64) for name, array in _WORKLOAD.parameters().items()}
        self.moments: dict[str, Doubles] = {}
        self.steps = 0

    def compile(self) -> dict[str, float]:
        return {}

    def step(self) -> None:
        self.steps += 1
        found = METHOD.train(self.parameters, {}, _WORKLOAD.inputs(), _WORKLOAD.targets())
        self.last_loss = found.loss
        optimizer_step(_WORKLOAD.optimizer, self.steps, self.parameters, found.gradients, self.moments)

    def infer(self) -> None:
        self.logits = METHOD.predict(self.parameters, {}, self.inputs)

    def wait(self) -> None: ...

    def pending(self) -> bool:
        return False

    def steady(self) -> AbstractContextManager[None]:
        return nullcontext()

    def loss(self) -> float:
        return self.last_loss

    def forward(self) -> Any:
        if hasattr(self, "logits"):
            return self.logits.astype(np.float32)
        return METHOD.predict(self.parameters, {}, _WORKLOAD.inputs()).astype(np.float32)

    def loss_and_gradients(self) -> tuple[float, Weights]:
        found = METHOD.train(self.parameters, {}, _WORKLOAD.inputs(), _WORKLOAD.targets())
        return found.loss, {name: array.astype(np.float32) for name, array in found.gradients.items()}

    def weights(self) -> Weights:
        return {name: array.astype(np.float32) for name, array in self.parameters.items()}

    def trained_count(self) -> int:
        return sum(array.size for array in self.parameters.values())

    def dispatch(self) -> None: ...

    def memory(self) -> dict[str, int]:
        return {}

    def counts(self) -> dict[str, int]:
        return {}

    def describe(self) -> dict[str, Scalar]:
        return {}


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
    certificate = certify(program, _WORKLOAD, "training")
    require_passed("numpy-mlp", certificate)
    assert [check.quantity for check in certificate.checks] == [
        "parameter count",
        "forward outputs",
        "loss",
        "gradients",
        "parameters after five steps",
    ]
    assert certificate.worst_ratio < 0.1
    assert program.steps == 0
    np.testing.assert_array_equal(program.weights()["dense0.kernel"], _WORKLOAD.parameters()["dense0.kernel"])


@pytest.mark.parametrize("role", ["inference", "throughput"])
def test_a_pass_is_certified_as_it_is_timed(role: Role) -> None:
    certificate = certify(NumpyProgram(role), _WORKLOAD, role)
    require_passed("numpy-mlp", certificate)
    assert [check.quantity for check in certificate.checks] == ["parameter count", "forward outputs", "loss"]


@pytest.mark.parametrize(("role", "asked"), [("inference", "throughput"), ("throughput", "inference")])
def test_a_pass_over_other_inputs_than_its_role_s_fails(role: Role, asked: Role) -> None:
    certificate = certify(NumpyProgram(role), _WORKLOAD, asked)
    assert [check.passed for check in certificate.checks] == [True, False, False]


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
    failure = certify(program(), _WORKLOAD, "training").first_failure
    assert failure is not None
    assert failure.quantity == quantity
    assert failure.tensor.startswith(tensor)
    assert failure.error <= INCOMPARABLE


@pytest.mark.parametrize("role", ["inference", "throughput"])
def test_a_pass_with_logits_of_another_shape_fails(role: Role) -> None:
    certificate = certify(LogitsOfAnotherShape(role), _WORKLOAD, role)
    assert [check.passed for check in certificate.checks] == [True, False, False]


def test_the_error_names_case_quantity_tensor_error_and_tolerance() -> None:
    certificate = Certificate("float64 NumPy", (Check("gradients", "dense0.bias", 0.25, 1e-4),))
    with pytest.raises(
        CertificateError, match=r"jax-mlp: gradients wrong at dense0\.bias: error 0\.25, tolerance 0\.0001"
    ):
        require_passed("jax-mlp", certificate)


def test_a_certificate_without_checks_proves_nothing() -> None:
    with pytest.raises(CertificateError, match="holds no check"):
        require_passed("jax-mlp", Certificate("float64 NumPy", ()))
