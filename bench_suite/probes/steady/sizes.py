"""A program at one batch size after another, in the framework's process: the first result at each, and its steps.

The other batch holds the workload's own examples, over and over, so that what is right follows from the program's own
answers at its first size, which are certified. It judges nothing.
"""

from __future__ import annotations

import importlib
import math
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.frameworks.compilations import CompilationWatching
from speedscore.bench_suite.workers.certificate import certify, require_passed
from speedscore.bench_suite.workers.rounds import time_round, warm_up
from speedscore.bench_suite.workers.second_batch import distance
from speedscore.bench_suite.workloads.reference_steps import mean_loss
from speedscore.bench_suite.workloads.table import make_workload
from speedscore.bench_suite.workloads.workload import Array
from speedscore.host.clock import seconds
from speedscore.host.scheduling import SchedulingCounters

ROUND_SECONDS = 0.1
"""Shortest round: as many steps go into one as fill it."""


def start_at_first_size(memory: dict[str, Any], *, model: str, preset: str, verbs: str) -> dict[str, float]:
    """Compile, take the first step, certify it against the float64 reference, and step until steps agree.

    ``verbs`` is the module ``probing.compilations``, or empty. Returns ``seconds`` to the first result and
    ``step_seconds``. Raises CertificateError where the program is wrong at its own size.
    """
    program, workload = memory["program"], make_workload(model, preset)
    first_seconds = _first_result(program)
    certificate = certify(program, workload, "training")
    require_passed(f"{model} at its own batch size", certificate)
    memory["workload"] = workload
    memory["logits"] = program.forward()
    memory["watch"] = cast(CompilationWatching, importlib.import_module(verbs)).watch(program) if verbs else None
    return {"seconds": first_seconds, "step_seconds": warm_up(program, role="training")}


def change_size(memory: dict[str, Any], *, examples: int) -> dict[str, Any]:
    """From the first weights on with a batch of as many examples.

    Returns ``seconds`` to the first result, and of them ``withheld_seconds``, in which the process was not let run, as
    far as its threads of before were concerned; ``compiled`` as the framework counts it, None where it was not watched;
    ``errors`` by quantity with ``limits``; or ``refused``, what was raised at the new size.
    """
    program, watch, limits = memory["program"], memory["watch"], memory["workload"].tolerances
    inputs, targets, logits = _repeated(memory, examples)
    program.load()
    program.feed(inputs, targets)
    before = watch() if watch is not None else None
    counters = SchedulingCounters()
    try:
        reading, began = counters.read(), seconds()
        first_seconds = _first_result(program)
        withheld_seconds = counters.read().since(reading).withheld_seconds(seconds() - began)
    except Exception as error:  # noqa: BLE001 - whatever it raises is the answer
        return {"refused": f"{type(error).__name__}: {error}"}
    finally:
        counters.close()
    compiled = watch().compiled - before.compiled if watch is not None and before is not None else None
    wanted_loss = mean_loss(logits, targets)
    errors = {"loss": abs(program.loss() - wanted_loss) / abs(wanted_loss)}
    program.load()
    errors["outputs"] = distance(program.forward(), logits)
    memory["steps"] = max(1, math.ceil(ROUND_SECONDS / warm_up(program, role="training")))
    return {
        "seconds": first_seconds,
        "withheld_seconds": min(first_seconds, withheld_seconds),
        "compiled": compiled,
        "errors": {name: error if math.isfinite(error) else None for name, error in errors.items()},
        # Both answers are the program's own, and each may be off by its tolerance.
        "limits": {"loss": 2 * limits.loss, "outputs": 2 * limits.outputs},
    }


def time_one_round(memory: dict[str, Any]) -> float:
    """Seconds per step at the present size, nothing compiled meanwhile."""
    steps: int = memory["steps"]
    return time_round(memory["program"], role="training", steps=steps) / steps


def _first_result(program: Any) -> float:
    """Seconds of compiling for the present batch and of the first step of it, waited for."""
    stages_seconds = program.compile()
    began = seconds()
    program.step()
    program.wait()
    return float(sum(stages_seconds.values()) + seconds() - began)


def _repeated(memory: dict[str, Any], examples: int) -> tuple[Array, NDArray[np.int32], NDArray[np.float32]]:
    """Inputs, targets and the logits that are right for them."""
    workload = memory["workload"]
    inputs, targets = workload.inputs(), workload.targets()
    places = np.arange(examples) % len(inputs)
    return inputs[places], targets[places], memory["logits"][places]
