"""A look at what a timed round has left: that its work was done, on what it was given, in this round and not before.

A certificate speaks of the calls before the rounds. Of training it is seen in every round that the loss has moved since
the round began. Of passes, some rounds chosen by chance get another batch before they begin, and what their last pass
answered must be the answer to that batch. It never times anything, and what it does lies outside what is timed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.frameworks.program import Program
from speedscore.bench_suite.workers.second_batch import (
    distance,
    has_another,
    least_apart,
    limit,
    other_batch,
    own_batch,
)
from speedscore.bench_suite.workloads.workload import Workload
from speedscore.record.phases import Role

LOOKED_AT_ONE_IN = 8
"""Rounds of passes: logits of a large model take longer to read than a round lasts."""


class RoundWitness:
    """Made before a round settles."""

    def __init__(self, program: Program, workload: Workload, role: Role, *, is_looked_at: bool) -> None:
        """Where the round is looked at, feeds a program of passes another batch, whose answer it learns."""
        self._program = program
        self._workload = workload
        self._role = role
        self._loss: float | None = None
        self._wanted: NDArray[np.float32] | None = None
        self._is_stale = False
        if is_looked_at and role != "training" and has_another(workload):
            self._wanted = self._answer_to_the_other_batch()

    def before_round(self) -> None:
        """Called when the round has settled and has yet to be timed."""
        if self._role == "training":
            self._loss = self._program.loss()

    def after_round(self) -> str:
        """What is wrong with the round; empty where nothing is. The program has its own batch again."""
        if self._role == "training":
            if self._program.loss() == self._loss:
                return f"the loss of a step is {self._loss} before and after the round: no step was done in it"
            return ""
        if self._wanted is None:
            return ""
        if self._is_stale:
            return "passes over two batches answer alike: what was timed does not depend on what it is given"
        answer = self._program.forward()
        self._program.feed(*own_batch(self._workload, self._role))
        furthest = limit(self._workload, self._role)
        if answer.shape != self._wanted.shape or not distance(answer, self._wanted) <= furthest:
            return "the last pass of the round does not answer the batch that the round was given"
        return ""

    def _answer_to_the_other_batch(self) -> NDArray[np.float32]:
        """By one pass, then one over its own batch, so that an answer which the round only repeats is another one."""
        self._program.feed(*other_batch(self._workload, self._role))
        self._program.infer()
        self._program.wait()
        wanted = self._program.forward()
        self._program.feed(*own_batch(self._workload, self._role))
        self._program.infer()
        self._program.wait()
        self._is_stale = not distance(self._program.forward(), wanted) > least_apart(self._workload)
        self._program.feed(*other_batch(self._workload, self._role))
        return wanted
