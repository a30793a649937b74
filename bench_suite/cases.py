"""The matrix: which cases there are, what each is called, and in what order they stand.

Nothing here imports a framework or looks at a device: the whole matrix is made from tables of text, so that collecting
it costs next to nothing and is the same on every machine.
"""

from __future__ import annotations

from typing import get_args

import msgspec

from bench_suite.frameworks.program import DeviceName, Phase
from bench_suite.frameworks.table import FRAMEWORKS
from bench_suite.workloads.table import MODELS

DEVICES: tuple[DeviceName, ...] = get_args(DeviceName)

METRICS: dict[Phase, str] = {
    "training": "seconds_per_step",
    "inference": "latency_seconds",
    "compilation": "time_to_first_step_seconds",
}
"""What one round of each phase measures. Training: n queued steps and one wait, over n. Inference: one blocked call on
a batch of one. Compilation: from a built program in a fresh process with empty caches to the end of its first step."""


class Block(msgspec.Struct, frozen=True, order=True):
    """The cases that are compared with each other, and so take turns: only the framework differs."""

    model: str
    device: DeviceName
    phase: Phase

    def __str__(self) -> str:
        return f"{self.phase} {self.model} {self.device}"


class Case(msgspec.Struct, frozen=True, order=True):
    """One cell of the matrix."""

    framework: str
    model: str
    device: DeviceName
    phase: Phase
    precision: str = "float32"
    """Matmuls and convolutions in full float32 on every device: TF32 and bfloat16 are off."""

    @property
    def id(self) -> str:
        """The pytest id; it never changes with the preset."""
        return f"{self.framework}-{self.model}-{self.device}"

    @property
    def block(self) -> Block:
        return Block(model=self.model, device=self.device, phase=self.phase)

    @property
    def metric(self) -> str:
        return METRICS[self.phase]


def matrix(phase: Phase) -> list[Case]:
    """All cases of one phase, those of a block side by side."""
    return [
        Case(framework=framework, model=model, device=device, phase=phase)
        for model in MODELS
        for device in DEVICES
        for framework in FRAMEWORKS
    ]


def declined(case: Case) -> str:
    """Why this case cannot be measured on any machine, or on this installation; empty when it can be tried."""
    framework = FRAMEWORKS[case.framework]
    if not framework.has_model(case.model):
        return f"{case.framework} has no {case.model}: there is no {case.model}.py in its folder"
    if case.device in framework.declined:
        return framework.declined[case.device]
    if missing := framework.missing_packages():
        return (
            f"{case.framework} needs {', '.join(missing)}, not installed here: "
            f'python -m pip install "speedscore[{framework.extra}]"'
        )
    return ""
