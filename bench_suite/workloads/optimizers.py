"""An optimizer alone: steps on the parameters of a model, with gradients that are drawn and not computed.

Here stand the optimizers' numbers, the gradients and the right answer. Arguments: ``parameter.NAME`` and
``gradient.NAME`` for each parameter of the model; every call takes one step, all with the same gradients. The results
after ten steps are ``update.NAME``, the parameter less what it was before, so that no error hides behind its size, and
the optimizer's moments: ``velocity.NAME``, or ``first.NAME`` and ``second.NAME``, before their correction. On a
gradient that stays the same Adam moves alike whatever its betas are, and nearly so clipped or not; the moments tell.
"""

from __future__ import annotations

import math
from functools import cache

import msgspec
import numpy as np

from speedscore.bench_suite.workloads import canonical
from speedscore.bench_suite.workloads.reference_steps import Doubles, optimizer_step
from speedscore.bench_suite.workloads.table import make_workload
from speedscore.bench_suite.workloads.task import Arguments, Limits
from speedscore.bench_suite.workloads.workload import AdamW, Sgd
from speedscore.host.fields import Scalar


class Schedule(msgspec.Struct, frozen=True):
    """The factor of the learning rate at each step: a linear rise to 1, then a cosine down to ``last``, and no lower.

    The first step of all takes the factor of step 0. The end comes soon, for the certified steps to show the cosine;
    what a step costs does not depend on it.
    """

    first: float
    last: float
    warm_up_steps: int
    """The factor is 1 at the step of this number, counted from 0."""
    steps: int
    """The factor is ``last`` from the step of this number on."""

    def factor(self, step: int) -> float:
        """Of the step of this number, counted from 0."""
        if step < self.warm_up_steps:
            return self.first + (1.0 - self.first) * step / self.warm_up_steps
        way = min(1.0, (step - self.warm_up_steps) / (self.steps - self.warm_up_steps))
        return self.last + (1.0 - self.last) * 0.5 * (1.0 + math.cos(math.pi * way))


class Recipe(msgspec.Struct, frozen=True):
    """One optimizer with every option."""

    optimizer: Sgd | AdamW
    """In the form that ``workload`` defines. Adam is AdamW without decay."""
    schedule: Schedule | None = None
    """Of the learning rate; None where it is constant."""
    clip_norm: float | None = None
    """Before anything else the gradients are scaled so that the norm of all together is at most this."""

    @property
    def is_plain_adam(self) -> bool:
        """AdamW without decay: each library has a name of its own for it."""
        return isinstance(self.optimizer, AdamW) and not self.optimizer.weight_decay


RECIPES = {
    "sgd": Recipe(Sgd(learning_rate=0.1, momentum=0.9, weight_decay=5e-3)),
    "adam": Recipe(AdamW(learning_rate=1e-2, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.0)),
    "adamw": Recipe(
        AdamW(learning_rate=1e-2, beta1=0.9, beta2=0.95, epsilon=1e-8, weight_decay=0.1),
        Schedule(first=0.1, last=0.1, warm_up_steps=4, steps=20),
        clip_norm=1.0,
    ),
}
_GRADIENT_NORM = 4.0
"""Of all gradients together, so that clipping to 1 has something to do."""
_SPREAD = 4.0
"""The gradients of the parameters differ by this many powers of ten, as those of a real model do: where they are
smallest, epsilon shows, and with it what stands beside it."""


class Optimizing(msgspec.Struct, frozen=True):
    """The task of one optimizer on one model at one preset."""

    model: str
    preset: str
    network: str
    """The model whose parameters it moves."""
    recipe: Recipe
    calls: int = 10
    made_by: str = "float64 NumPy, by hand"

    @property
    def moments(self) -> tuple[str, ...]:
        """What the optimizer keeps of each parameter."""
        return ("first", "second") if isinstance(self.recipe.optimizer, AdamW) else ("velocity",)

    @property
    def limits(self) -> Limits:
        return Limits(
            by_result={
                f"{result}.{name}": limit
                for result, limit in (("update", _UPDATE_LIMIT), *((moment, _MOMENT_LIMIT) for moment in self.moments))
                for name in parameter_sizes(self.network, self.preset)
            },
            reason=_REASON,
        )

    def arguments(self, draw: int = 0) -> Arguments:
        """The model's canonical parameters, with other gradients for another ``draw``."""
        parameters = make_workload(self.network, self.preset).parameters()
        scales = 10.0 ** -canonical.generator(f"optimizers.{draw}").uniform(0.0, _SPREAD, len(parameters))
        gradients = {
            name: canonical.normal(f"optimizers.{draw}.{name}", values.shape, standard_deviation=float(scale))
            for (name, values), scale in zip(parameters.items(), scales, strict=True)
        }
        norm = math.sqrt(sum(float(np.sum(np.square(values, dtype=np.float64))) for values in gradients.values()))
        for values in gradients.values():
            values *= np.float32(_GRADIENT_NORM / norm)
        return {
            **{f"parameter.{name}": values for name, values in parameters.items()},
            **{f"gradient.{name}": values for name, values in gradients.items()},
        }

    def answers(self, arguments: Arguments) -> Doubles:
        """By the formulas that ``workload`` gives, ``calls`` steps."""
        before, gradients = (
            {name: values.astype(np.float64) for name, values in part.items()} for part in split_arguments(arguments)
        )
        if self.recipe.clip_norm is not None:
            norm = math.sqrt(sum(float(np.sum(values**2)) for values in gradients.values()))
            gradients = {name: values * min(1.0, self.recipe.clip_norm / norm) for name, values in gradients.items()}
        parameters = {name: values.copy() for name, values in before.items()}
        moments: dict[str, Doubles] = {}
        for step in range(self.calls):
            optimizer_step(self._optimizer_at(step), step + 1, parameters, gradients, moments)
        updates = {f"update.{name}": values - before[name] for name, values in parameters.items()}
        return updates | {f"{moment}.{name}": moments[name][moment] for name in moments for moment in self.moments}

    def _optimizer_at(self, step: int) -> Sgd | AdamW:
        """With the learning rate of this step, counted from 0."""
        optimizer, schedule = self.recipe.optimizer, self.recipe.schedule
        factor = 1.0 if schedule is None else schedule.factor(step)
        return msgspec.structs.replace(optimizer, learning_rate=optimizer.learning_rate * factor)

    def flops(self) -> int:
        """0: a step is bound by the memory that it reads and writes."""
        return 0

    def describe(self) -> dict[str, Scalar]:
        sizes = parameter_sizes(self.network, self.preset)
        return {
            "parameters_of": self.network,
            "tensors": len(sizes),
            "work": sum(sizes.values()),
            "work_unit": "parameters updated",
        }


def split_arguments(arguments: Arguments) -> tuple[Arguments, Arguments]:
    """Parameters and gradients of a task's arguments, under the parameters' own names."""
    parameters, gradients = (
        {name.removeprefix(prefix): values for name, values in arguments.items() if name.startswith(prefix)}
        for prefix in ("parameter.", "gradient.")
    )
    return parameters, gradients


@cache
def parameter_sizes(model: str, preset: str) -> dict[str, int]:
    """Scalars in each parameter of a model."""
    return {name: values.size for name, values in make_workload(model, preset).parameters().items()}


_UPDATE_LIMIT = 1e-4
_MOMENT_LIMIT = 3e-5
_REASON = (
    "About ten times the worst on the CPU of JAX and PyTorch in all its ways at smoke: updates 1.1e-5, the rounding of "
    "parameters near 1 that move by 0.01 a step, and moments 3.0e-6, of the 1e-6 that PyTorch adds to the norm when it "
    "clips. Epsilon before the correction, or ten times as large, is more than 3e-4 off in an update."
)


def make(preset: str, *, name: str, optimizer: str, network: str) -> Optimizing:
    """The workload at ``preset``. Raises ValueError naming the presets there are, KeyError for another optimizer."""
    canonical.pick(dict.fromkeys(("smoke", "small", "full")), name, preset)
    return Optimizing(name, preset, network, RECIPES[optimizer])
