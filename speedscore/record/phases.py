"""The phases that are measured, the roles that programs are built for, and the kinds of devices: known here, once.

It imports nothing of ours and nothing heavy, because collecting the matrix reads it.
"""

from __future__ import annotations

from typing import Literal, get_args

Phase = Literal["training", "inference", "throughput", "compilation", "warm_compilation"]
"""What a case measures. ``inference`` is the latency of one input, ``throughput`` that of queued passes of the batch;
``compilation`` starts from empty caches, ``warm_compilation`` from those that an earlier process filled."""


Role = Literal["training", "inference", "throughput"]
"""What a program is built for. Both compilations build the training program: it is the training step that is
compiled."""


ROLES: dict[Phase, Role] = {
    "training": "training",
    "inference": "inference",
    "throughput": "throughput",
    "compilation": "training",
    "warm_compilation": "training",
}


DeviceName = Literal["cpu", "gpu", "tpu"]


DEVICES: tuple[DeviceName, ...] = get_args(DeviceName)


PHASES: tuple[Phase, ...] = get_args(Phase)


METRICS: dict[Phase, str] = {
    "training": "seconds_per_step",
    "inference": "latency_seconds",
    "throughput": "seconds_per_batch",
    "compilation": "time_to_first_step_seconds",
    "warm_compilation": "warm_time_to_first_step_seconds",
}
"""What one round of each phase measures. Training: n queued steps and one wait, over n. Inference: one blocked call on
a batch of one. Throughput: n queued passes of the training batch and one wait, over n. Compilation: from a built
program in a fresh process to the end of its first training step, with empty caches or, warm, with those that the
process before it filled."""
