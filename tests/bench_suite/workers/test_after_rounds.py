"""What is compared when the last timed round is over: programs that were right at first, and are not any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from speedscore.bench_suite.workers.after_rounds import FEWEST_STEPS, check_after_rounds
from speedscore.bench_suite.workers.certificate import CertificateError, certify
from speedscore.bench_suite.workers.protocol import CertifiedAgain, CertifyAgain, TimeRound
from speedscore.record.phases import Role
from tests.bench_suite.workers.numpy_program import WORKLOAD, NumpyProgram
from tests.bench_suite.workers.services import built, prepared
from tests.places import HELPERS

_PASSES: list[Role] = ["inference", "throughput"]


class NoWorkAfterTheEighthStep(NumpyProgram):
    def step(self) -> None:
        if self.steps < 8:
            super().step()


class OneTensorStandsStillAfterTheEighthStep(NumpyProgram):
    def step(self) -> None:
        kept = self.parameters["dense1.bias"].copy()
        super().step()
        if self.steps > 8:
            self.parameters["dense1.bias"] = kept


class RemembersItsLoss(NumpyProgram):
    """The update is right, and the loss that goes with it is that of the eighth step."""

    def step(self) -> None:
        loss = self.last_loss if self.steps >= 8 else None
        super().step()
        self.last_loss = loss or self.last_loss


class NoWorkInTheTimedLoop(NumpyProgram):
    timed = False

    @contextmanager
    def steady(self) -> Iterator[None]:
        self.timed = True
        yield
        self.timed = False

    def step(self) -> None:
        if not self.timed:
            super().step()


def after(program: NumpyProgram) -> dict[str, float]:
    """Of the checks that failed the tensor and its error, when the program had passed its certificate."""
    assert certify(program, WORKLOAD, "training").passed
    for _ in range(FEWEST_STEPS):
        program.step()
    checks = check_after_rounds(program, WORKLOAD, "training")
    assert {check.quantity for check in checks} == {"after the rounds"}
    return {check.tensor: check.error for check in checks if not check.passed}


def test_an_honest_program_still_trains_when_its_rounds_are_over() -> None:
    assert after(NumpyProgram()) == {}


@pytest.mark.parametrize(
    ("program", "found"),
    [
        (NoWorkAfterTheEighthStep, {"loss", "dense0.bias"}),
        (OneTensorStandsStillAfterTheEighthStep, {"dense1.bias"}),
        (RemembersItsLoss, {"loss"}),
        (NoWorkInTheTimedLoop, {"loss", "dense0.bias"}),
    ],
)
def test_a_program_that_ceased_to_work_is_found(program: type[NumpyProgram], found: set[str]) -> None:
    assert after(program()).keys() == found


@pytest.mark.parametrize("role", _PASSES)
def test_the_timed_loop_of_passes_is_compared_after_the_rounds(role: Role, monkeypatch: pytest.MonkeyPatch) -> None:
    program = NumpyProgram(role)
    assert all(check.passed for check in check_after_rounds(program, WORKLOAD, role))
    program.logits = np.zeros_like(program.logits)
    monkeypatch.setattr(program, "infer", program.wait)
    (check,) = check_after_rounds(program, WORKLOAD, role)
    assert (check.quantity, check.error > 100 * check.tolerance) == ("after the rounds", True)


def test_a_worker_says_so_on_what_its_rounds_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HELPERS))
    service = built("healthy", tmp_path)
    again = CertifyAgain("training", limit_seconds=60.0)
    prepared(service, "training")
    service.handle(TimeRound("training", steps=1))
    reply = service.handle(again)
    assert isinstance(reply, CertifiedAgain)
    assert [check.tensor for check in reply.checks] == ["loss", "every tensor moves"]
    monkeypatch.setattr("sample_framework.program.SampleProgram.step", NumpyProgram.wait)
    with pytest.raises(CertificateError, match=r"training sample-mlp-cpu: after the rounds wrong at loss"):
        service.handle(again)
