"""The phases that are measured, the roles of programs, the kinds of devices, the precisions: known here, once.

Adding a phase: its name in ``Phase`` and a line in ``PHASES``. It imports nothing heavy, because collecting the matrix
reads it, and it measures nothing.
"""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from speedscore.host.peaks import Precision
from speedscore.record.metrics import METRICS, WARM, Metric

Phase = Literal["training", "inference", "throughput", "compilation", "warm_compilation", "capability"]
"""What a case measures. ``inference`` is the latency of one input, ``throughput`` that of queued passes of the batch;
``compilation`` starts from empty caches, ``warm_compilation`` from those that an earlier process filled;
``capability`` is what one call of a task takes, which is no model's step or pass."""


Role = Literal["training", "inference", "throughput", "capability"]
"""What a program is built for. Both compilations build the training program: it is the training step that is
compiled. ``capability`` is that of a task, and the others are a model's."""


ROLES: tuple[Role, ...] = get_args(Role)
MODEL_ROLES = tuple(role for role in ROLES if role != "capability")
"""Those that a model has; a task has the one other."""


DeviceName = Literal["cpu", "gpu", "tpu"]


DEVICES: tuple[DeviceName, ...] = get_args(DeviceName)


FLOAT32: Precision = "float32"
"""The precision of a case that names none, and the only one that is scored."""


PRECISIONS: dict[Precision, str] = {
    "float32": "parameters, activations, products and loss in float32; TF32 and bfloat16 are off",
    "tf32": "float32, but the products and convolutions round their factors to TF32, which has ten bits after the "
    "point, and sum in float32",
    "bfloat16": "mixed, as the framework's users train: parameters, gradients, optimizer and loss in float32, the "
    "products and convolutions of the model in bfloat16",
}
"""In the order of reports, with what each means."""


def named_place(device: str, precision: str) -> str:
    """A device, with the precision where that is another than float32: ``gpu``, ``gpu in bfloat16``."""
    return device if precision == FLOAT32 else f"{device} in {precision}"


def group_name(phase: str, model: str, device: str, precision: str) -> str:
    """The benchmark group of a case, in which it stands beside those that differ from it by framework alone."""
    return f"{phase} {model} {named_place(device, precision)}"


class PhaseSpec(msgspec.Struct, frozen=True):
    """What a phase is: one line of the table of phases."""

    phase: Phase
    title: str
    """As it stands in a sentence."""
    role: Role
    metric: Metric
    """What one of its rounds measures."""
    caches: Literal["empty", "filled"] | None = None
    """What a compilation starts from; None for a phase that measures steady state."""

    @property
    def compiles(self) -> bool:
        """True when its rounds are compilations, one a process, and not timed steps."""
        return self.caches is not None

    @property
    def is_warm(self) -> bool:
        """True when it starts from the caches that the process before it filled."""
        return self.caches == "filled"

    def compile_metric_name(self, stage: str) -> str:
        """The metric's name of one stage of compiling, which says whether the caches were warm."""
        return f"{WARM}{stage}" if self.is_warm else stage


PHASES: dict[Phase, PhaseSpec] = {
    spec.phase: spec
    for spec in (
        PhaseSpec("training", "training", role="training", metric=METRICS["seconds_per_step"]),
        PhaseSpec("inference", "inference", role="inference", metric=METRICS["latency_seconds"]),
        PhaseSpec("throughput", "throughput", role="throughput", metric=METRICS["seconds_per_batch"]),
        PhaseSpec(
            "compilation",
            "compilation",
            role="training",
            metric=METRICS["time_to_first_step_seconds"],
            caches="empty",
        ),
        PhaseSpec(
            "warm_compilation",
            "warm compilation",
            role="training",
            metric=METRICS["warm_time_to_first_step_seconds"],
            caches="filled",
        ),
        PhaseSpec("capability", "capability", role="capability", metric=METRICS["seconds_per_call"]),
    )
}
"""In the order of reports. A round is, in training: n queued steps and one wait, over n; in inference: n calls on a
batch of one, each waited for, over n, so that no percentile of single calls can be had of it; in throughput: n queued
passes of the training batch and one wait, over n; in a compilation: from weights and batch on the device of a fresh
process, before there is an optimizer, to the end of its first training step; in a capability: n queued
calls of the task and one wait, over n."""


MODEL_PHASES = tuple(phase for phase, spec in PHASES.items() if spec.role in MODEL_ROLES)
"""Those that a model has, in their order."""
TIMED_PHASE: dict[Role, Phase] = {spec.role: spec.phase for spec in PHASES.values() if not spec.compiles}
"""The phase whose figure are the timed rounds of a role's program."""
