"""The worker's part in checking a round: it tells what the round left, and does rounds over again when asked.

What it tells is compared by pytest's side, which says only afterwards which round it wants to see. It never judges, and
times nothing.
"""

from __future__ import annotations

import numpy as np

from speedscore.bench_suite.frameworks.program import Program
from speedscore.bench_suite.workers.evidence import answer_elements, as_number, example_shown, weight_elements
from speedscore.bench_suite.workers.protocol import Elements, Repeat, Repeated, Show, Shown
from speedscore.bench_suite.workers.rounds import settle
from speedscore.bench_suite.workloads.batches import Batches
from speedscore.record.phases import Role


def show(program: Program, role: Role, *, draw: int) -> Shown:
    """Some elements of the last pass's logits, or of the weights with the last step's loss."""
    if role == "training":
        return Shown(weight_elements(program.weights(), draw), loss=as_number(program.loss()))
    logits = program.forward()
    return Shown(_of_one_example(logits, draw), shape=logits.shape)


def repeat(program: Program, batches: Batches, request: Repeat) -> Repeated:
    """The rounds from the canonical weights on, or a pass over each round's batch."""
    if request.role == "training":
        return _train_again(program, batches, request)
    shown: list[Elements] = []
    for plan in request.rounds:
        program.feed(*batches.draw(plan.batch))
        settle(program, role=request.role, steps=1)
        shown.append(_of_one_example(program.forward(), request.draw))
    return Repeated(tuple(shown))


def _train_again(program: Program, batches: Batches, request: Repeat) -> Repeated:
    *before, last = request.rounds
    program.load()
    for plan in before:
        program.feed(*batches.draw(plan.batch))
        settle(program, role="training", steps=plan.settling + plan.steps)
    program.feed(*batches.draw(last.batch))
    losses: list[float] = []
    wanted_loss: float | None = None
    stuck = ""
    for number in range(last.settling + last.steps):
        if number == request.looked_at:
            wanted_loss, stuck = _step_looked_at(program)
        else:
            settle(program, role="training", steps=1)
        losses.append(as_number(program.loss()))
    elements = weight_elements(program.weights(), request.draw)
    return Repeated((elements,), losses=tuple(losses), wanted_loss=wanted_loss, stuck=stuck)


def _step_looked_at(program: Program) -> tuple[float, str]:
    """The loss that one step must find, and a tensor that it should have moved and did not."""
    wanted, gradients = program.loss_and_gradients()
    before = program.weights()
    settle(program, role="training", steps=1)
    after = program.weights()
    stuck = (name for name, values in gradients.items() if np.any(values) and np.array_equal(before[name], after[name]))
    return as_number(wanted), min(stuck, default="")


def _of_one_example(logits: np.ndarray[tuple[int, ...], np.dtype[np.float32]], draw: int) -> Elements:
    return {"logits": answer_elements(logits[example_shown(len(logits), draw)], draw)}
