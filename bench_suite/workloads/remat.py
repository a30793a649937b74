"""Loss and gradients of a model with more or less of its forward pass computed again (rematerialised, checkpointed).

Here stand the policies, the data and the right answers; the models are those of ``gpt`` and ``resnet50``. Arguments:
``parameter.NAME`` and ``state.NAME`` under canonical names, ``inputs``, ``targets``, and ``scale``, by which the loss
is multiplied before it is differentiated, as in mixed-precision training. The results are ``loss``, scaled, and
``gradient.NAME``. Running statistics are no results.

Every draw of arguments has the examples in another order and another scale, so that the right answers follow from the
model's reference file: a mean does not depend on the order, and a derivative is linear.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import msgspec
import numpy as np

from speedscore.bench_suite.workloads import canonical
from speedscore.bench_suite.workloads.reference import load_reference
from speedscore.bench_suite.workloads.sketch import scale_sketch
from speedscore.bench_suite.workloads.table import make_workload
from speedscore.bench_suite.workloads.task import Answers, Arguments, Limits, SketchedAnswer
from speedscore.bench_suite.workloads.workload import Workload
from speedscore.host.fields import Scalar

Policy = Literal["none", "full", "selective"]
"""What of each block the backward pass computes again: nothing; all of it, from the block's input; or what costs little
beside its products or convolutions, whose results are kept."""
POLICIES: tuple[Policy, ...] = get_args(Policy)

BUDGETS_BYTES = {"smoke": 64 << 20, "small": 1 << 30, "full": 16 << 30}
"""By preset: what residuals, parameters, gradients and batch may take together, for the largest batch."""


class Remat(msgspec.Struct, frozen=True):
    """The task at one preset."""

    model: str
    preset: str
    policy: Policy
    network: Workload
    """The model's own workload."""
    calls: int = 1

    @property
    def made_by(self) -> str:
        return load_reference(self.network).made_by

    @property
    def limits(self) -> Limits:
        """The model's own."""
        own = self.network.tolerances
        gradients = {f"gradient.{name}": own.gradients for name in self.network.parameters()}
        return Limits(by_result={"loss": own.loss, **gradients}, reason=own.reason)

    @property
    def budget_bytes(self) -> int:
        return BUDGETS_BYTES[self.preset]

    def arguments(self, draw: int = 0) -> Arguments:
        inputs, targets = (np.roll(values, draw, axis=0) for values in (self.network.inputs(), self.network.targets()))
        parameters = {f"parameter.{name}": values for name, values in self.network.parameters().items()}
        state = {f"state.{name}": values for name, values in self.network.state().items()}
        # So far apart that two draws seldom have answers near each other.
        power = np.random.default_rng([canonical.SEED, draw]).uniform(-8.0, 8.0) if draw else 0.0
        scale = np.array(2.0**power, dtype=np.float32)
        return {**parameters, **state, "inputs": inputs, "targets": targets, "scale": scale}

    def answers(self, arguments: Arguments) -> Answers:
        """Of the examples in any order, by the reference file. Raises ReferenceFileError when there is none."""
        reference, scale = load_reference(self.network), float(arguments["scale"])
        gradients = {
            f"gradient.{name}": SketchedAnswer(name, scale_sketch(sketch, scale))
            for name, sketch in reference.gradients.items()
        }
        return {"loss": np.array(reference.loss * scale), **gradients}

    def flops(self) -> int:
        """Model FLOPs: what is computed again never counts."""
        return self.network.training_flops()

    def describe(self) -> dict[str, Scalar]:
        own = self.network.describe()
        return own | {
            "policy": self.policy,
            "budget_bytes": self.budget_bytes,
        }


def make(preset: str, *, name: str, network: str, policy: Policy) -> Remat:
    """The workload at ``preset``. Raises ValueError naming the presets there are."""
    return Remat(name, preset, policy, make_workload(network, preset))


def with_batch(task: Remat, batch: int) -> Remat:
    """The same with so many examples, of which there are no right answers: for counting memory."""
    return msgspec.structs.replace(task, network=msgspec.structs.replace(task.network, batch=batch))  # type: ignore[type-var]


def count_batch_bytes(task: Remat) -> int:
    """Of inputs and targets."""
    return task.network.inputs().nbytes + task.network.targets().nbytes


def largest_batch(residual_bytes: Callable[[int], int], task: Remat) -> int:
    """The most examples whose residuals fit into the budget beside parameters, their gradients and the batch itself.

    ``residual_bytes`` counts those of a batch, which grow with it in equal steps: two batches give the step. 0 where
    not even one example fits.
    """
    own, batch = int(task.describe()["batch"]), task.network  # type: ignore[arg-type]
    fixed = 2 * sum(values.nbytes for values in batch.parameters().values())
    one, two = residual_bytes(own), residual_bytes(2 * own)
    per_example = (two - one) / own + count_batch_bytes(task) / own
    left = task.budget_bytes - fixed - (one - (two - one))
    return max(0, int(left // per_example))
