"""The optimizer by itself: what a step does to the weights, against the formula and the program's own gradients.

The way of five steps (``certificate``) is as uncertain as the gradients that it went by. Here the gradients are the
program's own, so nothing is left but the optimizer, and a limit a hundred times as close shows what hid before: an
epsilon at somebody's default, moments in bfloat16, a group without weight decay, amsgrad, a learning rate that falls.
It never imports a framework and never times anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.frameworks.program import Program
from speedscore.bench_suite.workers.second_batch import other_batch, own_batch
from speedscore.bench_suite.workloads.reference_steps import Doubles, optimizer_step
from speedscore.bench_suite.workloads.workload import Weights, Workload
from speedscore.host.peaks import Precision
from speedscore.record.phases import FLOAT32
from speedscore.record.run_record import Check

STEPS = 2
"""On two batches in turn: a maximum that Adam would keep shows only where a gradient becomes smaller."""
_CLEAR: dict[Precision, float] = {"float32": 1e-2, "tf32": 1e-1, "bfloat16": 3e-1}
"""An element is compared while each of its gradients is zero or above this part of the tensor's root mean square: Adam
divides a gradient by its own size, and so makes whole steps of what is rounding noise."""
_ROUNDING = 2.0**-24
"""float32 keeps a weight to half of this part of it, and a step reads it and writes it."""


def check_optimizer(
    program: Program, workload: Workload, first_gradients: Weights, *, aimless: Collection[str] = ()
) -> Check:
    """The tensor whose step is furthest from the formula. The program is left in its canonical state.

    ``first_gradients`` are the program's own of its own batch at the canonical weights: to compute them is most of the
    cost of this check. ``aimless`` are tensors whose gradient is noise. They are left out: the step and the gradients
    may be of two compiled programs, each with a noise of its own, as on a GPU where each is tuned by itself.
    """
    program.load()
    moments: dict[str, Doubles] = {}
    clear: dict[str, NDArray[np.bool_]] = {}
    worst = ("", 0.0)
    batches = (own_batch(workload, "training"), other_batch(workload, "training"))
    before = _parameters(program, workload)
    for step in range(1, STEPS + 1):
        program.feed(*batches[(step - 1) % 2])
        own = first_gradients if step == 1 else program.loss_and_gradients()[1]
        gradients = {name: values.astype(np.float64) for name, values in own.items()}
        if odd := before.keys() ^ gradients.keys():
            # A name that stands in one of them only, of which other checks say what is wrong with it.
            worst = (min(odd), 1.0)
            break
        wanted = {name: values.copy() for name, values in before.items()}
        optimizer_step(workload.optimizer, step, wanted, gradients, moments)
        program.step()
        program.wait()
        after = _parameters(program, workload)
        for name, gradient in gradients.items():
            if name not in aimless:
                clear[name] = clear.get(name, np.True_) & _is_clear(gradient, above=_CLEAR[workload.precision])
        worst = max(worst, *_errors(before, after, wanted, clear), key=lambda error: error[1])
        before = after
    program.feed(*batches[0])
    program.load()
    return Check("optimizer", *worst, workload.tolerances.optimizer)


def _parameters(program: Program, workload: Workload) -> Doubles:
    state = workload.state()
    return {name: values.astype(np.float64) for name, values in program.weights().items() if name not in state}


def _is_clear(gradient: NDArray[np.float64], *, above: float) -> NDArray[np.bool_]:
    size = np.abs(gradient)
    clear: NDArray[np.bool_] = size > above * np.sqrt(np.mean(size**2))
    # Where rounding is coarse one program has a zero and the other has none.
    return clear | (size == 0) if above == _CLEAR[FLOAT32] else clear


def _errors(
    before: Doubles, after: Doubles, wanted: Doubles, clear: dict[str, NDArray[np.bool_]]
) -> Iterator[tuple[str, float]]:
    """Of each tensor the error of its step less what float32 must round, over the length of the step."""
    for name, mask in clear.items():
        step = np.linalg.norm((wanted[name] - before[name])[mask])
        if not step:
            continue
        if name not in after or after[name].shape != wanted[name].shape:
            yield name, 1.0
            continue
        error = float(np.linalg.norm((after[name] - wanted[name])[mask]))
        rounding = _ROUNDING * float(np.linalg.norm(wanted[name][mask]))
        relative = max(0.0, error - rounding) / float(step)
        yield name, relative if np.isfinite(relative) else 1.0
