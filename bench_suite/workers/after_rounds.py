"""The certificate's second half: what a program has left when its last timed round is over.

The first half ends before the first round, so it says nothing of a program that works for some steps and then stops, or
whose timed loop does less than its untimed one. Here one more step or pass is taken, in the loop that was timed, from
wherever the timed ones have come, and compared. It never imports a framework, and what it takes is no figure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from speedscore.bench_suite.frameworks.program import Program
from speedscore.bench_suite.workers.certificate import INCOMPARABLE
from speedscore.bench_suite.workers.rounds import time_round
from speedscore.bench_suite.workloads.reference import read_reference
from speedscore.bench_suite.workloads.sketch import distance
from speedscore.bench_suite.workloads.workload import Weights, Workload
from speedscore.record.phases import Role
from speedscore.record.run_record import Check

QUANTITY: Final = "after the rounds"
FEWEST_STEPS = 12
"""Training is looked at no nearer to its canonical weights: the first half has seen it do five steps."""


def furthest(workload: Workload, role: Role) -> float:
    """The largest tolerance of these checks."""
    return 2 * workload.tolerances.loss if role == "training" else workload.tolerances.outputs


def check_after_rounds(program: Program, workload: Workload, role: Role) -> tuple[Check, ...]:
    """One more step or pass of the timed loop, against the workload.

    Raises ReferenceFileError when there is no reference; that it was made for this workload the first half has seen.
    """
    return tuple(_training(program, workload) if role == "training" else _pass(program, workload, role))


def _pass(program: Program, workload: Workload, role: Role) -> Iterable[Check]:
    """Its logits."""
    reference = read_reference(workload)
    # The pass before may have been one over another batch.
    time_round(program, role=role, steps=1)
    name = "single_outputs" if role == "inference" else "batch_outputs"
    wanted = reference.single_outputs if role == "inference" else reference.batch_outputs
    logits = program.forward()
    error = distance(name, logits, wanted) / wanted.norm if logits.shape == wanted.shape else INCOMPARABLE
    yield Check(QUANTITY, name, _finite(error), furthest(workload, role))


def _training(program: Program, workload: Workload) -> Iterable[Check]:
    """The timed loop finds the loss of the weights as they are, and moves every tensor that has a gradient."""
    wanted, gradients = program.loss_and_gradients()
    before = program.weights()
    time_round(program, role="training", steps=1)
    after = program.weights()
    # Twice the limit: both losses are the program's own, and each may be as far from the truth as it allows.
    error = abs(program.loss() - wanted) / max(abs(wanted), read_reference(workload).loss)
    yield Check(QUANTITY, "loss", _finite(error), furthest(workload, "training"))
    stuck = first_stuck(gradients, before, after)
    yield Check(QUANTITY, stuck or "every tensor moves", INCOMPARABLE if stuck else 0.0, 0.0)


def first_stuck(gradients: Weights, before: Weights, after: Weights) -> str:
    """The first tensor, by name, that has a gradient and that a step left where it was; empty where there is none."""
    return min(
        (name for name, gradient in gradients.items() if np.any(gradient) and _is_equal(before, after, name)),
        default="",
    )


def _is_equal(before: Weights, after: Weights, name: str) -> bool:
    return name not in before or name not in after or np.array_equal(before[name], after[name])


def _finite(error: float) -> float:
    return float(error) if np.isfinite(error) else INCOMPARABLE
