"""The worker's part in checking a round: it tells what the round left, and does rounds over again when asked.

What it tells is compared by pytest's side, which says only afterwards which round it wants to see. It never judges, and
times nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from speedscore.bench_suite.frameworks.program import Program, Runnable, TaskProgram
from speedscore.bench_suite.workers.after_rounds import first_stuck
from speedscore.bench_suite.workers.evidence import answer_elements, as_number, example_shown, tensor_elements
from speedscore.bench_suite.workers.protocol import Elements, Repeat, Repeated, Shown
from speedscore.bench_suite.workers.rounds import settle
from speedscore.record.phases import Role

Feed = Callable[[int], None]
"""Draws the batch, or the arguments, of a number, and gives them to a program."""


def show(program: Runnable, role: Role, *, draw: int) -> Shown:
    """Some elements of the last pass's logits, of a task's results, or of the weights with the last step's loss."""
    if role == "training":
        trained = cast("Program", program)
        return Shown(tensor_elements(trained.weights(), draw), loss=as_number(trained.loss()))
    if role == "capability":
        results = cast("TaskProgram", program).results()
        return Shown(tensor_elements(results, draw), size=sum(values.size for values in results.values()))
    logits = cast("Program", program).forward()
    example = logits[example_shown(len(logits), draw)]
    return Shown({"logits": answer_elements(example, draw)}, size=logits.size)


def repeat(program: Runnable, feed: Feed, request: Repeat) -> Repeated:
    """The rounds from the canonical weights on; or a pass over each round's batch, or all calls of each round."""
    if request.role == "training":
        return _train_again(cast("Program", program), feed, request)
    shown: list[Elements] = []
    for plan in request.rounds:
        feed(plan.batch)
        settle(program, role=request.role, steps=plan.settling + plan.steps)
        shown.append(show(program, request.role, draw=request.draw).elements)
    return Repeated(tuple(shown))


def _train_again(program: Program, feed: Feed, request: Repeat) -> Repeated:
    *before, last = request.rounds
    program.load()
    for plan in before:
        feed(plan.batch)
        settle(program, role="training", steps=plan.settling + plan.steps)
    feed(last.batch)
    losses: list[float] = []
    wanted_loss: float | None = None
    stuck = ""
    for number in range(last.settling + last.steps):
        if number == request.looked_at:
            wanted_loss, stuck = _step_looked_at(program)
        else:
            settle(program, role="training", steps=1)
        losses.append(as_number(program.loss()))
    elements = tensor_elements(program.weights(), request.draw)
    return Repeated((elements,), losses=tuple(losses), wanted_loss=wanted_loss, stuck=stuck)


def _step_looked_at(program: Program) -> tuple[float, str]:
    """The loss that one step must find, and a tensor that it should have moved and did not."""
    wanted, gradients = program.loss_and_gradients()
    before = program.weights()
    settle(program, role="training", steps=1)
    return as_number(wanted), first_stuck(gradients, before, program.weights())
