"""Another batch through the compiled program: it must answer for what it is given, not for what it was built with.

The other batch is the workload's own with its examples moved on by one, so that the right answer follows from the
program's own, which are certified already. It never imports a framework and never times anything.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.frameworks.program import Program
from speedscore.bench_suite.workloads.reference_steps import mean_loss
from speedscore.bench_suite.workloads.workload import Array, Workload
from speedscore.host.peaks import Precision
from speedscore.record.phases import Role
from speedscore.record.run_record import Check

_OTHER_ENOUGH: dict[Precision, float] = {"float32": 10.0, "tf32": 4.0, "bfloat16": 2.0}
"""A pass over another example must give logits that are at least so many tolerances away from those of the first."""


def other_batch(workload: Workload, role: Role) -> tuple[Array, NDArray[np.int32]]:
    """Inputs and targets of the shapes of the role's own: the second example alone, or all moved on by one.

    A training batch keeps its targets where they are, so that its loss is another one.
    """
    inputs, targets = workload.inputs(), workload.targets()
    if role == "inference":
        return inputs[1:2], targets[1:2]
    return np.roll(inputs, -1, axis=0), targets


def own_batch(workload: Workload, role: Role) -> tuple[Array, NDArray[np.int32]]:
    """What the program of the role was built with."""
    return (workload.single_input() if role == "inference" else workload.inputs()), workload.targets()


def has_another(workload: Workload) -> bool:
    """Whether the workload has more than one example to make another batch of."""
    return len(workload.inputs()) > 1


def limit(workload: Workload, role: Role) -> float:
    """Largest relative error: both answers are the program's own, and each may be off by its tolerance."""
    limits = workload.tolerances
    return 2 * (limits.loss if role == "training" else limits.outputs)


def least_apart(workload: Workload) -> float:
    """Relative distance beyond which the logits of two examples are others, and not the same ones rounded."""
    return _OTHER_ENOUGH[workload.precision] * workload.tolerances.outputs


def check_second_batch(
    program: Program, workload: Workload, role: Role, logits: NDArray[np.float32]
) -> Iterable[Check]:
    """``logits`` are the program's own at the canonical weights. It is left with its own batch, in its own state."""
    if not has_another(workload):
        return
    program.load()
    program.feed(*other_batch(workload, role))
    if role == "training":
        program.step()
        program.wait()
        wanted = mean_loss(np.roll(logits, -1, axis=0), workload.targets())
        error = abs(program.loss() - wanted) / wanted
    else:
        program.infer()
        program.wait()
        others = program.forward()
        if role == "throughput":
            error = distance(others, np.roll(logits, -1, axis=0))
        else:
            error = 0.0 if distance(others, logits) > least_apart(workload) else 1.0
    program.feed(*own_batch(workload, role))
    program.load()
    yield Check("second batch", "", error if np.isfinite(error) else 1.0, limit(workload, role))


def distance(values: NDArray[np.float32], wanted: NDArray[np.float32]) -> float:
    """Of the L2 norms."""
    if values.shape != wanted.shape:
        return float("nan")
    return float(np.linalg.norm(values.astype(np.float64) - wanted) / np.linalg.norm(wanted.astype(np.float64)))
