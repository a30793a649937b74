"""Programs that pass their certificate and then cheat, each in a way that public leaderboards were topped with.

Each is the honest program with one thing changed. ``certified`` says that the certificate is over: it ends with the
canonical weights put back, and no program here is looked at by more cheating than one would do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from speedscore.bench_suite.workers import certificate, own_code, rounds, service
from speedscore.bench_suite.workloads.reference_steps import Doubles, optimizer_step
from speedscore.bench_suite.workloads.workload import Weights
from speedscore.host.fields import Scalar
from speedscore.record.phases import DeviceName, Role
from speedscore.record.run_record import Certificate
from tests.bench_suite.workers.numpy_program import NumpyProgram

WORK_SECONDS = 0.03
"""What a step takes where it matters when the work is done; arithmetic alone is over in less than a millisecond."""

STEPS_AHEAD = 80
"""More than any round here has."""


class Honest(NumpyProgram):
    """Does its work under the clock."""

    timed = False
    certified = False
    role: Role
    device: DeviceName
    threads: int

    def describe(self) -> dict[str, Scalar]:
        return {"platform": self.device, "threads": self.threads, "variant": type(self).__name__}

    def counts(self) -> dict[str, int]:
        # Asked when the certificate is over.
        self.certified = True
        return {}

    @contextmanager
    def steady(self) -> Iterator[None]:
        self.timed = True
        yield
        self.timed = False


class HonestAndSlow(Honest):
    def infer(self) -> None:
        time.sleep(WORK_SECONDS / 10)
        super().infer()

    def step(self) -> None:
        time.sleep(WORK_SECONDS / 10)
        super().step()


class ReplaysAnAnswer(Honest):
    """What it found once, it gives ever after."""

    def infer(self) -> None:
        if not self.certified:
            super().infer()


class ComputesWhenRead(Honest):
    def infer(self) -> None:
        self.is_due = True

    def forward(self) -> Any:
        if getattr(self, "is_due", False):
            time.sleep(WORK_SECONDS)
            super().infer()
            self.is_due = False
        return super().forward()


class ComputesBehindTheWait(Honest):
    """In a thread that goes on when the wait is over."""

    thread: threading.Thread | None = None

    def infer(self) -> None:
        if self.thread is None:
            self.is_over = threading.Event()
            self.thread = threading.Thread(target=self.compute)
            self.thread.start()

    def compute(self) -> None:
        # Not by its own clock: a busy machine may hold up whoever reads for longer than any work takes.
        self.is_over.wait()
        time.sleep(WORK_SECONDS)
        super().infer()

    def forward(self) -> Any:
        if self.thread is not None:
            self.is_over.set()
            self.thread.join()
            self.thread = None
        return super().forward()


class ComputesWhenFed(Honest):
    """And hands out what it found."""

    def feed(self, inputs: Any, targets: Any) -> None:
        super().feed(inputs, targets)
        if self.certified:
            # Longer than a busy machine holds up a round that it is held against.
            time.sleep(4 * WORK_SECONDS)
            super().infer()

    def infer(self) -> None:
        if not self.certified:
            super().infer()


class ComputesWhileSettling(Honest):
    """The first pass over a batch is one, and the others are its answer."""

    is_new = True

    def feed(self, inputs: Any, targets: Any) -> None:
        super().feed(inputs, targets)
        self.is_new = True

    def infer(self) -> None:
        if self.is_new:
            time.sleep(4 * WORK_SECONDS)
            super().infer()
        self.is_new = False


class TrainsWhileSettling(Honest):
    """The first step over a batch is all that follow, which only put what it found in place."""

    found: list[tuple[int, Doubles, dict[str, Doubles], float]]

    def feed(self, inputs: Any, targets: Any) -> None:
        super().feed(inputs, targets)
        self.found = []

    def step(self) -> None:
        if not self.certified:
            super().step()
            return
        if not self.found:
            time.sleep(4 * WORK_SECONDS)
            for _ in range(STEPS_AHEAD):
                super().step()
                kept = {name: values.copy() for name, values in self.parameters.items()}
                self.found.insert(0, (self.steps, kept, dict(self.moments), self.last_loss))
        self.steps, self.parameters, self.moments, self.last_loss = self.found.pop()


def _coarse(values: Any) -> Any:
    """As bfloat16 would keep them."""
    return (values.astype(np.float32).view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32).astype(np.float64)


class LowersThePrecisionOfPasses(Honest):
    def infer(self) -> None:
        kept = self.parameters
        if self.certified:
            self.parameters = {name: _coarse(values) for name, values in kept.items()}
        super().infer()
        self.parameters = kept


class LowersThePrecisionOfSteps(Honest):
    def step(self) -> None:
        loss, gradients = self._find(self.certified)
        self.last_loss = loss
        self.steps += 1
        optimizer_step(self.workload.optimizer, self.steps, self.parameters, gradients, self.moments)

    def loss_and_gradients(self) -> tuple[float, Weights]:
        # As wrong as the step, so that the two agree.
        loss, gradients = self._find(self.certified)
        return loss, {name: values.astype(np.float32) for name, values in gradients.items()}

    def _find(self, coarsely: bool) -> tuple[float, Doubles]:
        parameters = {n: _coarse(values) if coarsely else values for n, values in self.parameters.items()}
        found = self.method.train(parameters, {}, self.inputs, self.targets)
        return found.loss, found.gradients


class WritesIntoItsInput(Honest):
    def feed(self, inputs: Any, targets: Any) -> None:
        super().feed(inputs, targets)
        if self.certified:
            inputs[:] = 0.0


class ReusesTheMemoryOfAnswers(Honest):
    """Computes the first example anew; the others stand as an earlier call left them."""

    def infer(self) -> None:
        if not self.certified:
            super().infer()
            return
        answer = self.method.predict(self.parameters, {}, self.inputs[:1])
        if not hasattr(self, "logits"):
            self.logits = np.zeros((len(self.inputs), answer.shape[1]))
        self.logits[:1] = answer


class SkipsEveryThirdStep(Honest):
    number = 0

    def step(self) -> None:
        self.number += 1
        if not self.certified or self.number % 3:
            super().step()


class DoesOneStepABatch(Honest):
    """Takes a new batch for a look at it."""

    done = False

    def feed(self, inputs: Any, targets: Any) -> None:
        super().feed(inputs, targets)
        self.done = False

    def step(self) -> None:
        if not self.certified or not self.done:
            super().step()
        self.done = True


class WorksOnlyUnwatched(Honest):
    """Does nothing where the steady state is watched, for there is the clock."""

    def step(self) -> None:
        if not self.timed:
            super().step()


class DoesHalfOfTheTimedSteps(Honest):
    number = 0

    def step(self) -> None:
        self.number += 1
        if not self.timed or self.number % 2:
            super().step()


class UpdatesSomeParameters(Honest):
    def step(self) -> None:
        kept = self.parameters["dense1.bias"].copy()
        super().step()
        if self.certified:
            self.parameters["dense1.bias"] = kept


class AnswersFromATable(Honest):
    """Knows the batches of its certificate by their bytes."""

    def infer(self) -> None:
        table = self.__dict__.setdefault("table", {})
        key = self.inputs.tobytes()
        if not self.certified:
            super().infer()
            table[key] = self.logits
        self.logits = table.get(key, next(iter(table.values())))


def _replace(owner: Any, name: str, value: Any) -> None:
    setattr(owner, name, value)


def _halve_the_clock() -> Any:
    """What it was before."""
    true = vars(rounds)["seconds"]
    _replace(rounds, "seconds", lambda: true() / 2)
    return true


class ReplacesTheTimer(Honest):
    def compile(self) -> dict[str, float]:
        _halve_the_clock()
        return {}


class ReplacesTheTimerForMoments(HonestAndSlow):
    """And puts it back before anybody looks."""

    @contextmanager
    def steady(self) -> Iterator[None]:
        true = _halve_the_clock()
        yield
        _replace(rounds, "seconds", true)


class ReplacesTheChecks(LowersThePrecisionOfPasses):
    certified = True

    def compile(self) -> dict[str, float]:
        _replace(service, "certify", lambda *_: Certificate("made up", ()))
        _replace(service, "check_after_rounds", lambda *_: ())
        for owner in (service, certificate):
            _replace(owner, "require_passed", lambda *_: None)
        return {}


class ReplacesAllOfTheChecks(ReplacesTheChecks):
    """The one that looks for replaced checks among them."""

    def compile(self) -> dict[str, float]:
        _replace(own_code.OwnCode, "first_change", lambda _: "")
        return super().compile()


def build(workload: Any, *, implementation: str, role: Role, device: DeviceName, variant: str, threads: int) -> Honest:
    assert implementation
    kind: type[Honest] = globals()[variant]
    program = kind(role, workload=workload)
    program.role, program.device, program.threads = role, device, threads
    return program
