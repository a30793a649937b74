"""Certifies rounds that were timed: chosen by chance when they are over, on pytest's side, out of a program's reach.

Every worker's last round of each role is looked at, and of the others one in so many. The worker is asked for elements
of what the round has left, drawn when it was over, and then to do the same over again without a clock: from the
canonical weights on, each step's loss told and one step looked at closely. Where the model is written in NumPy and
small enough, the answer is computed here too, in float64. What a worker tells is never taken for the proof of itself:
what it shows comes first, and what it must be comes later or from elsewhere. It imports no framework and times no step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, cast

from speedscore.bench_suite.measuring.elements import distance, furthest, least_element, least_norms, stays
from speedscore.bench_suite.measuring.role_rounds import (
    BYTES_PER_SECOND,
    SETTLING_SECONDS,
    SETTLING_SHARE,
    Ask,
    RoleRounds,
    RoundRefused,
    steps_of,
)
from speedscore.bench_suite.workers.protocol import Elements, Repeat, Repeated, RoundPlan, Show, Shown
from speedscore.host.clock import seconds

if TYPE_CHECKING:
    # pytest's side has no time for NumPy before the first round is looked at.
    import numpy as np
    from numpy.typing import NDArray

    from speedscore.bench_suite.workloads.batches import Batches
    from speedscore.bench_suite.workloads.task import TaskWorkload
    from speedscore.bench_suite.workloads.workload import Workload

LOOKED_AT_ONE_IN = 8
OWN_FLOPS = 8e9
OWN_SECONDS = 1.0
"""What pytest's side computes itself of a model, at most and once in each process and role; it gives up when it takes
longer. A task's right answers have no such limit: each process computes them three times for its certificate."""
LOSS_SHARE = 0.1
"""Of the tolerance of an update. In NumPy weights kept as bfloat16 put the loss 5e-4 to 2e-3 off, float32 3e-8."""
READS = 10
"""So often is a result read, of another round each time, before it is said that reading takes too long."""
OTHER_BATCHES = 5
"""So many are tried before it is said that all are answered alike: two drawn by chance may be."""
TASK_LIMITS = 10
TASK_APART = 10
"""Results of a task over two batches are at least so many of its limits apart."""
NO_FLOOR: Mapping[str, float] = {}


class RoundAudit:
    """Looks at rounds of one role in one worker."""

    def __init__(
        self,
        rounds: RoleRounds,
        ask: Ask,
        load: Callable[[], Workload | TaskWorkload],
    ) -> None:
        """``load`` gives what the worker's program computes; it is called when the first round is looked at."""
        self._rounds = rounds
        self._ask = ask
        self._load = load
        self._own_flops_left = OWN_FLOPS
        self._sizes: dict[str, int] = {}
        """Elements of each result of a task, once its right answers have been looked at."""
        self._seen: RoundPlan | None = None

    def after_round(self) -> None:
        """Look at the round just taken, by chance. Raises RoundRefused where it has not done its work."""
        if self._rounds.chance.randrange(LOOKED_AT_ONE_IN) == 0:
            self.look()

    def after_last_round(self) -> None:
        """Look at the last round where that was not done yet, and at the times of all."""
        if self._rounds.since_start and self._rounds.since_start[-1] is not self._seen:
            self.look()
        self._rounds.require_true(batch_bytes=self._batch_bytes)

    @cached_property
    def _workload(self) -> Workload:
        return cast("Workload", self._load())

    @cached_property
    def _task(self) -> TaskWorkload:
        return cast("TaskWorkload", self._load())

    @cached_property
    def _batches(self) -> Batches:
        from speedscore.bench_suite.workloads.batches import Batches

        return Batches(self._workload, self._rounds.role)

    @cached_property
    def _batch_bytes(self) -> int:
        if self._rounds.role == "capability":
            return sum(values.nbytes for values in self._task.arguments().values())
        return self._batches.bytes

    def look(self) -> None:
        """Certify the last round. Raises RoundRefused where it has not done its work."""
        draw = self._rounds.draw()
        shown = self._read(draw)
        plans = tuple(self._rounds.since_start)
        self._seen = plans[-1]
        if self._rounds.role == "training":
            self._compare_training(shown, plans, draw)
        elif self._rounds.role == "capability":
            self._compare_calls(shown, plans[-1], draw)
        else:
            self._compare_pass(shown, plans[-1], draw)

    def _read(self, draw: int) -> Shown:
        """What the last round left. Raises RoundRefused where it takes so long to read as to be computed only then."""
        fastest = fastest_again = float("inf")
        for _ in range(READS):
            shown, first_seconds = self._show(draw)
            fastest = min(fastest, first_seconds)
            fastest_again = min(fastest_again, self._show(draw)[1])
            reading = self._rounds.readings[-1]
            step_seconds = reading.step_seconds
            allowed = SETTLING_SECONDS + SETTLING_SHARE * step_seconds + self._shown_bytes(shown) / BYTES_PER_SECOND
            # By the fastest of all: on a busy machine any single one may be held up.
            if fastest <= fastest_again + allowed:
                return shown
            self._rounds.take(reading.plan.steps)
        raise RoundRefused(
            f"the result of a round takes {1e3 * fastest:.3g} ms to read, and {1e3 * fastest_again:.3g} ms once "
            f"read, in {READS} rounds whose steps took {1e3 * step_seconds:.3g} ms: it is computed when it is read"
        )

    def _show(self, draw: int) -> tuple[Shown, float]:
        return self._rounds.ask(Show(self._rounds.role, draw), Shown)

    def _shown_bytes(self, shown: Shown) -> float:
        if self._rounds.role == "training":
            return 4.0 * sum(values.size for values in self._workload.parameters().values())
        return 4.0 * shown.size

    def _compare_training(self, shown: Shown, plans: tuple[RoundPlan, ...], draw: int) -> None:
        from speedscore.bench_suite.workers.evidence import tensor_elements

        last = plans[-1]
        steps = last.settling + last.steps
        start = tensor_elements({**self._workload.parameters(), **self._workload.state()}, draw)
        looked_at = self._rounds.chance.randrange(steps)
        again = self._ask(Repeat("training", plans, draw, looked_at), Repeated)
        self._require_steps(again, steps, looked_at)
        self._require_weights(shown, again.elements[0], start, source="the same steps without a clock")
        self._require_losses([shown.loss], again.losses[-1:], source="the same steps without a clock")
        if own := self._own_training(plans, draw):
            elements, losses = own
            self._require_weights(shown, elements, start, source="float64 NumPy")
            self._require_losses([*again.losses[:-1], shown.loss], losses, source="float64 NumPy")

    def _require_weights(self, shown: Shown, wanted: Elements, start: Elements, *, source: str) -> None:
        limit = 2 * self._workload.tolerances.update
        if kept := stays(shown.elements, wanted, start):
            raise RoundRefused(f"the timed steps leave {kept} where it was, and {source} move it")
        worst, error = furthest(shown.elements, wanted, start)
        if not error <= limit:
            raise RoundRefused(
                f"the weights after the timed steps are not those of {source}: error {error:.2g} of the way they went, "
                f"tolerance {limit:.2g}, at {worst}"
            )

    def _require_losses(self, found: Sequence[float | None], wanted: Sequence[float], *, source: str) -> None:
        """Of steps to the end of a round. They follow from weights that are a little off, and tell a precision apart
        that the weights do not."""
        tolerances = self._workload.tolerances
        limit = max(LOSS_SHARE * tolerances.update, 4 * tolerances.loss)
        for loss, right in zip(found, wanted, strict=True):
            if loss is None or not abs(loss - right) <= limit * max(abs(right), 1e-3):
                raise RoundRefused(
                    f"a step finds the loss {loss}, and by {source} it is {right}: tolerance {limit:.2g} of it"
                )

    def _require_steps(self, again: Repeated, steps: int, looked_at: int) -> None:
        """That what was done over again did its steps: every one finds another loss, and one was looked at closely."""
        if len(again.losses) != steps or again.wanted_loss is None:
            raise RoundRefused(f"expected the losses of {steps} steps done over again, found {len(again.losses)}")
        for number, (before, after) in enumerate(zip(again.losses, again.losses[1:], strict=False), start=1):
            if before == after:
                raise RoundRefused(
                    f"step {number} of a round done over again finds the loss of the step before: skipped"
                )
        found, wanted = again.losses[looked_at], again.wanted_loss
        limit = 2 * self._workload.tolerances.loss
        if not abs(found - wanted) <= limit * max(abs(wanted), 1.0):
            raise RoundRefused(f"a step finds the loss {found}, and the weights before it give {wanted}")
        if again.stuck:
            raise RoundRefused(f"a step leaves {again.stuck} where it was, which has a gradient")

    def _own_training(self, plans: Sequence[RoundPlan], draw: int) -> tuple[Elements, list[float]] | None:
        """Elements of the weights, and the losses of the last round, once in a process; None where that is too much."""
        from speedscore.bench_suite.workers.evidence import tensor_elements
        from speedscore.bench_suite.workloads.methods import numpy_method
        from speedscore.bench_suite.workloads.reference_steps import Doubles, optimizer_step

        method = numpy_method(self._workload)
        flops = self._workload.training_flops() * steps_of(plans)
        if method is None or flops > self._own_flops_left:
            return None
        self._own_flops_left = 0.0
        parameters: Doubles = {name: values.astype("float64") for name, values in self._workload.parameters().items()}
        state: Doubles = {name: values.astype("float64") for name, values in self._workload.state().items()}
        moments: dict[str, Doubles] = {}
        number, losses, began = 0, [float("nan")], seconds()
        for plan in plans:
            batch = self._batches.draw(plan.batch)
            losses = []
            for _ in range(plan.settling + plan.steps):
                if seconds() - began > OWN_SECONDS:
                    return None
                number += 1
                found = method.train(parameters, state, *batch)
                optimizer_step(self._workload.optimizer, number, parameters, found.gradients, moments)
                state = found.state
                losses.append(found.loss)
        return tensor_elements({**parameters, **state}, draw), losses

    def _compare_pass(self, shown: Shown, plan: RoundPlan, draw: int) -> None:
        from speedscore.bench_suite.workers.second_batch import least_apart

        limit = 2 * self._workload.tolerances.outputs
        apart = {"logits": least_apart(self._workload)}
        same = self._again(RoundPlan(plan.batch, settling=0, steps=1), draw, apart=apart)
        self._require_answer(shown, same, source="a pass without a clock", limits={"logits": limit})
        if own := self._own_pass(plan, draw):
            self._require_answer(shown, own, source="float64 NumPy", limits={"logits": limit})

    def _compare_calls(self, shown: Shown, plan: RoundPlan, draw: int) -> None:
        from speedscore.bench_suite.workers.evidence import tensor_elements

        right = self._right_answers(plan)
        # A limit is of the whole result, and a few elements of it may be further off.
        limits = {name: TASK_LIMITS * limit for name, limit in self._task.limits.by_result.items()}
        # Where a call goes on from what the one before left, all of them are made again.
        again = RoundPlan(plan.batch, settling=0, steps=1) if self._task.calls == 1 else plan
        apart = {name: TASK_APART * limit for name, limit in limits.items()}
        same = self._again(again, draw, apart=apart)
        least = least_norms(same, self._sizes)
        self._require_answer(shown, same, source="calls without a clock", limits=limits, least=least)
        if right:
            own = tensor_elements(right, draw)
            least = {name: len(own[name]) ** 0.5 * least_element(name, right) for name in own}
            self._require_answer(shown, own, source=self._task.made_by, limits=limits, least=least)

    def _again(self, plan: RoundPlan, draw: int, *, apart: Mapping[str, float]) -> Elements:
        """What an untimed round gives. Raises RoundRefused where to another batch it gives nothing so far ``apart``."""
        for _ in range(OTHER_BATCHES):
            other = RoundPlan(self._rounds.draw(), settling=0, steps=1)
            # In this order: an answer that is only repeated is then that to the other batch.
            others, same = self._ask(Repeat(self._rounds.role, (other, plan), draw), Repeated).elements
            least = least_norms(same, self._sizes)
            if any(distance(same, others, name, least=least.get(name, 0.0)) > far for name, far in apart.items()):
                return same
        raise RoundRefused("two batches are answered alike: what was timed does not depend on what it is given")

    @staticmethod
    def _require_answer(
        shown: Shown,
        wanted: Elements,
        *,
        source: str,
        limits: Mapping[str, float],
        least: Mapping[str, float] = NO_FLOOR,
    ) -> None:
        for name, limit in limits.items():
            error = distance(shown.elements, wanted, name, least=least.get(name, 0.0))
            if not error <= limit:
                raise RoundRefused(
                    f"the round does not answer the batch that it was given: error {error:.2g} of its {name} against "
                    f"{source}, tolerance {limit:.2g}"
                )

    def _own_pass(self, plan: RoundPlan, draw: int) -> Elements | None:
        """Elements of the logits of one example, once in a process; None where that is too much to compute."""
        from speedscore.bench_suite.workers.evidence import answer_elements, example_shown
        from speedscore.bench_suite.workloads.methods import numpy_method

        method = numpy_method(self._workload)
        if method is None or self._workload.inference_flops() > self._own_flops_left:
            return None
        self._own_flops_left = 0.0
        inputs, _ = self._batches.draw(plan.batch)
        example = example_shown(len(inputs), draw)
        parameters = {name: values.astype("float64") for name, values in self._workload.parameters().items()}
        state = {name: values.astype("float64") for name, values in self._workload.state().items()}
        logits = method.predict(parameters, state, inputs[example : example + 1])[0]
        return {"logits": answer_elements(logits, draw)}

    def _right_answers(self, plan: RoundPlan) -> dict[str, NDArray[np.float64]] | None:
        """What a call of a task must give, once in a process; None where several calls or sketches are answered for."""
        from speedscore.bench_suite.workloads.task import SketchedAnswer

        if self._sizes:
            return None
        answers = self._task.answers(self._task.arguments(plan.batch))
        known = {name: answer for name, answer in answers.items() if not isinstance(answer, SketchedAnswer)}
        self._sizes = {
            name: math.prod(answer.sketch.shape) if isinstance(answer, SketchedAnswer) else answer.size
            for name, answer in answers.items()
        }
        return known if self._task.calls == 1 and len(known) == len(answers) else None
