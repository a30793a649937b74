"""The perceptron and GPT in plain NumPy, through the verbs of a program: what certificates are tried on."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from speedscore.bench_suite.workloads import gpt_reference, mlp
from speedscore.bench_suite.workloads.mlp_reference import METHOD
from speedscore.bench_suite.workloads.reference_steps import Doubles, optimizer_step
from speedscore.bench_suite.workloads.workload import Weights
from speedscore.host.fields import Scalar
from speedscore.record.phases import Role

WORKLOAD = mlp.make("smoke")


class NumpyProgram:
    """The perceptron through the verbs of a program."""

    def __init__(self, role: Role = "training", *, workload: Any = WORKLOAD) -> None:
        self.workload = workload
        self.method = METHOD
        if workload.model == "gpt":
            self.method = gpt_reference.method(layers=workload.layers, heads=workload.heads)
        self.feed(workload.single_input() if role == "inference" else workload.inputs(), workload.targets())
        self.loads = 0
        self.load()

    def feed(self, inputs: Any, targets: Any) -> None:
        self.inputs, self.targets = inputs, targets

    def load(self) -> None:
        self.loads += 1
        canonical = self.workload.parameters()
        self.parameters: Doubles = {name: array.astype(np.float64) for name, array in canonical.items()}
        self.moments: dict[str, Doubles] = {}
        self.steps = 0

    def compile(self) -> dict[str, float]:
        return {}

    def step(self) -> None:
        self.steps += 1
        found = self.method.train(self.parameters, {}, self.inputs, self.targets)
        self.last_loss = found.loss
        optimizer_step(self.workload.optimizer, self.steps, self.parameters, found.gradients, self.moments)

    def infer(self) -> None:
        self.logits = self.method.predict(self.parameters, {}, self.inputs)

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
        return self.method.predict(self.parameters, {}, self.inputs).astype(np.float32)

    def loss_and_gradients(self) -> tuple[float, Weights]:
        found = self.method.train(self.parameters, {}, self.inputs, self.targets)
        return found.loss, {name: array.astype(np.float32) for name, array in found.gradients.items()}

    def weights(self) -> Weights:
        return {name: array.astype(np.float32) for name, array in self.parameters.items()}

    def trained_count(self) -> int:
        return sum(array.size for array in self.parameters.values())

    def dispatch(self) -> None: ...

    def reset_peak(self) -> None: ...

    def memory(self) -> dict[str, int]:
        return {}

    def counts(self) -> dict[str, int]:
        return {}

    def describe(self) -> dict[str, Scalar]:
        return {}
