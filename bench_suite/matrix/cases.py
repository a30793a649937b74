"""The matrix: which cases there are, what each is called, and in what order they stand.

Nothing here imports a framework or looks at a device: the whole matrix is made from tables of text, so that collecting
it costs next to nothing and is the same on every machine.
"""

from __future__ import annotations

import msgspec

from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework
from speedscore.bench_suite.workloads.table import MODELS, TASKS, Model, Task, find_line
from speedscore.host.peaks import Precision
from speedscore.record.phases import DEVICES, FLOAT32, PHASES, DeviceName, Phase, Role, group_name, named_place

DEVICE_PRECISIONS: dict[DeviceName, tuple[Precision, ...]] = {
    "cpu": ("float32", "bfloat16"),
    "gpu": ("float32", "tf32", "bfloat16"),
    "tpu": ("float32", "bfloat16"),
}
"""What a kind of device may have at all: TF32 is a mode of NVIDIA's tensor cores."""


class Block(msgspec.Struct, frozen=True, order=True):
    """The cases whose workers live at the same time: one model on one device in one precision."""

    model: str
    device: DeviceName
    precision: Precision = FLOAT32

    def __str__(self) -> str:
        return f"{self.model} {named_place(self.device, self.precision)}"


class Cell(msgspec.Struct, frozen=True, order=True):
    """What one worker holds, and all phases of it: one framework, model, device and precision."""

    framework: str
    model: str
    device: DeviceName
    precision: Precision = FLOAT32

    @property
    def id(self) -> str:
        """The pytest id; it never changes with the preset, and names every precision but float32."""
        precision = () if self.precision == FLOAT32 else (self.precision,)
        return "-".join((self.framework, self.model, *precision, self.device))


class Case(msgspec.Struct, frozen=True, order=True):
    """One phase of one cell."""

    framework: str
    model: str
    device: DeviceName
    phase: Phase
    precision: Precision = FLOAT32

    @property
    def id(self) -> str:
        return self.cell.id

    @property
    def cell(self) -> Cell:
        return Cell(framework=self.framework, model=self.model, device=self.device, precision=self.precision)

    @property
    def block(self) -> Block:
        return Block(model=self.model, device=self.device, precision=self.precision)

    @property
    def group(self) -> str:
        """The cases that are compared with each other: only the framework differs."""
        return group_name(self.phase, self.model, self.device, self.precision)

    @property
    def role(self) -> Role:
        return PHASES[self.phase].role


def matrix(phase: Phase) -> list[Case]:
    """All cases of one phase, those of a group side by side."""
    lines: list[Model | Task] = list(TASKS.values() if PHASES[phase].role == "capability" else MODELS.values())
    return [
        Case(framework=framework, model=line.id, device=device, phase=phase, precision=precision)
        for line in lines
        for device in DEVICES
        for precision in line.precisions
        if precision in DEVICE_PRECISIONS[device]
        for framework in FRAMEWORKS
        if precision in FRAMEWORKS[framework].precisions and has_cell(FRAMEWORKS[framework], line, device)
    ]


def has_cell(framework: Framework, model: Model | Task, device: DeviceName) -> bool:
    """False where the line would only repeat another one's program: there it is neither collected nor skipped."""
    if isinstance(model, Task) and not framework.task_builder:
        return False
    named = not framework.models or model.id in framework.models or framework.id in model.implementations
    return named and device in framework.devices


def declined(case: Case) -> str:
    """Why this case cannot be measured on any machine, or on this installation; empty when it can be tried."""
    framework, line = FRAMEWORKS[case.framework], find_line(case.model)
    if isinstance(line, Task) and (reason := framework.why_not(line)):
        return reason
    if case.model not in framework.declined_models and not implementation(framework, line):
        module = framework.module_of(line.id, line.module) or line.module
        return f"{case.framework} has no {case.model}: there is no {module}.py in its folder"
    if case.device in framework.declined:
        return framework.declined[case.device]
    if case.model in framework.declined_models:
        return framework.declined_models[case.model]
    if missing := framework.missing_packages():
        return f"{case.framework} needs {', '.join(missing)}, not installed here: {framework.remedy}"
    return ""


def no_precision(case: Case) -> str:
    """How the reason begins where the device that is here does not compute in the case's precision."""
    return f"no {case.precision} on {case.device}: "


def implementation(framework: Framework, model: Model | Task) -> str:
    """The module that writes the model or task in the framework; empty when there is none. Found, not imported."""
    if framework.id in model.implementations:
        return model.implementations[framework.id]
    has_it = framework.has_model(model.id, model.module)
    return f"{framework.package}.{framework.module_of(model.id, model.module)}" if has_it else ""
