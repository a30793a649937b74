"""Survival: what was made under an older release, does it load and agree under the newest? And today's source there?

Two environments: an older release pinned in ``probes/environments``, and the one that is installed. ``program`` runs
the suite's newest source of the model under both and compares the weights after some steps. Every other target is an
artefact: made under the older release, loaded under the newest, and compared with what the older one computed or held.
``seconds`` is loading and running under the newest. It never makes anything under the newest for the older to load.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.frameworks.digests import first_difference
from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.probe import Answer, ProbeCase, probed_frameworks
from speedscore.bench_suite.probes.process import Lost, ProbeProcess, Raised
from speedscore.bench_suite.probes.production import checkpoint
from speedscore.bench_suite.probes.production.programs import probing_module, start_program, take_steps
from speedscore.bench_suite.probes.tools import Tools
from speedscore.bench_suite.workers.certificate import list_aimless
from speedscore.bench_suite.workloads.reference import load_reference
from speedscore.bench_suite.workloads.table import make_workload
from speedscore.bench_suite.workloads.workload import CERTIFIED_STEPS
from speedscore.text.numbers import first_line

MODEL = "gpt"
PROGRAM = "program"
TARGETS = {
    "jax": ("export", "orbax"),
    "flax-nnx": ("orbax",),
    "flax-linen": ("orbax",),
    "haiku": ("orbax",),
    "equinox": ("native",),
    "torch": ("export", "native"),
    "tensorflow": ("savedmodel", "native", "keras"),
}
"""Artefacts by framework; a program, too, is asked of each."""
ENVIRONMENTS = {"jax": "older-jax", "pytorch": "older-torch", "tensorflow": "older-tensorflow"}
"""By ecosystem; a framework of another one is not asked."""
OLDER_NAMES = {"tensorflow": ("tensorflow", "tensorflow-cpu")}
"""Distributions of the older environment where they are called otherwise than here."""
_ARRAYS = "arrays.npz"
LARGEST_ERROR = 1e-4
"""Of an artefact's outputs, relative to the largest: the same operations in float32, compiled by another compiler."""
_THIS = "speedscore.bench_suite.probes.production.survival"
_CHECKPOINT = "speedscore.bench_suite.probes.production.checkpoint"


class _Way(NamedTuple):
    """How one target is made and used, in a process of either release."""

    start: Callable[[Path | None], ProbeProcess]
    """Interpreter, None for this one → a process that is ready."""
    make: Callable[[ProbeProcess], Mapping[str, Any]]
    use: Callable[[ProbeProcess, Mapping[str, Any]], Mapping[str, Any]]
    """The process and what ``make`` gave → ``seconds``, ``equal``, ``error`` and the error's ``limit``."""


def list_cases() -> Sequence[ProbeCase]:
    """A target for every framework that has it, and an older release."""
    return [
        ProbeCase(
            "survival",
            framework=line.id,
            subject="" if target == "keras" else MODEL,
            target=target,
            packages=checkpoint.PACKAGES.get(target, ()),
        )
        for line in probed_frameworks()
        if line.ecosystem in ENVIRONMENTS
        for target in (PROGRAM, *TARGETS.get(line.id, ()))
    ]


def ask(case: ProbeCase, tools: Tools) -> Answer:
    """Make it under the older release, then load it under the newest."""
    line = FRAMEWORKS[case.framework]
    python = tools.environment(ENVIRONMENTS[line.ecosystem])
    (folder := tools.scratch / "artefact").mkdir()
    way = _find_way(case, tools, folder)
    began = time.perf_counter()
    older: dict[str, str] = {}
    newer: dict[str, str] = {}
    try:
        maker = way.start(python)
        older = maker.versions(*line.distributions, *OLDER_NAMES.get(case.framework, ()))
        made = way.make(maker)
        maker.close()
    except (Raised, Lost) as error:
        versions = older or {"python": "unknown"}
        return Answer("not made", (time.perf_counter() - began,), versions, reason=first_line(str(error)))
    began = time.perf_counter()
    try:
        user = way.start(None)
        newer = user.versions(*line.distributions)
        used = way.use(user, made)
    except (Raised, Lost) as error:
        versions = newer or older
        reason = first_line(str(error))
        return Answer("refused", (time.perf_counter() - began,), versions, reason=reason, observations=_older(older))
    return judge(used, versions=newer, older=older)


def judge(used: Mapping[str, Any], *, versions: dict[str, str], older: Mapping[str, str]) -> Answer:
    """``equal`` to the bit, ``agrees`` within ``limit``, or ``differs``; an error that is no number differs."""
    error = used["error"]
    near = error is not None and error <= used["limit"]
    outcome = "equal" if used["equal"] else "agrees" if near else "differs"
    return Answer(
        outcome, (used["seconds"],), versions, observations={"largest_relative_error": error, **_older(older)}
    )


def _older(versions: Mapping[str, str]) -> dict[str, str]:
    return {f"older_{name}": version for name, version in versions.items()}


def _find_way(case: ProbeCase, tools: Tools, folder: Path) -> _Way:
    if case.target in checkpoint.ROUTES:
        return _checkpoint_way(case, tools, folder)
    return _program_way(case, tools, folder) if case.target == PROGRAM else _artefact_way(case, tools, folder)


def _program_way(case: ProbeCase, tools: Tools, folder: Path) -> _Way:
    """The model trained under both."""
    path = str(folder / "weights.npz")

    def make(process: ProbeProcess) -> Mapping[str, Any]:
        take_steps(process, CERTIFIED_STEPS)
        process.call(f"{_THIS}:keep_weights", path=path)
        return {}

    def use(process: ProbeProcess, made: Mapping[str, Any]) -> Mapping[str, Any]:
        del made
        began = time.perf_counter()
        take_steps(process, CERTIFIED_STEPS)
        seconds = time.perf_counter() - began
        return {"seconds": seconds, **process.call(f"{_THIS}:compare_weights", path=path, preset=tools.preset)}

    return _Way(lambda python: _start(case, tools, python), make, use)


def _checkpoint_way(case: ProbeCase, tools: Tools, folder: Path) -> _Way:
    """The checkpoint of a training program, which has to come back to the bit."""
    route: dict[str, Any] = {"verbs": probing_module(case.framework, "checkpoint"), "route": case.target}

    def make(process: ProbeProcess) -> Mapping[str, Any]:
        take_steps(process, checkpoint.STEPS)
        saved: Mapping[str, Any] = process.call(f"{_CHECKPOINT}:save", path=str(folder / "state"), **route)
        return saved

    def use(process: ProbeProcess, made: Mapping[str, Any]) -> Mapping[str, Any]:
        restored = process.call(f"{_CHECKPOINT}:restore", path=str(folder / "state"), **route)
        difference = first_difference(made["digests"], restored["digests"])
        return {"seconds": restored["seconds"], "equal": not difference, "error": None, "limit": 0.0}

    return _Way(lambda python: _start(case, tools, python), make, use)


def _artefact_way(case: ProbeCase, tools: Tools, folder: Path) -> _Way:
    """The model's forward pass in a file, run without its code."""
    line = FRAMEWORKS[case.framework]
    arguments: dict[str, Any] = {
        "verbs": probing_module(case.framework, "survival"),
        "kind": case.target,
        "folder": str(folder),
    }

    def make(process: ProbeProcess) -> Mapping[str, Any]:
        implementation = f"{line.package}.{line.module_of(MODEL)}"
        process.call(f"{_THIS}:make_artefact", implementation=implementation, preset=tools.preset, **arguments)
        return {}

    def use(process: ProbeProcess, made: Mapping[str, Any]) -> Mapping[str, Any]:
        del made
        used: Mapping[str, Any] = process.call(f"{_THIS}:run_artefact", **arguments)
        return used

    return _Way(lambda python: tools.start(python=python), make, use)


def _start(case: ProbeCase, tools: Tools, python: Path | None) -> ProbeProcess:
    return start_program(tools, framework=case.framework, model=case.subject, python=python)


def keep_weights(memory: dict[str, Any], *, path: str) -> None:
    """Runs under the older release: parameters and state under canonical names, as a file."""
    np.savez(path, **memory["program"].weights())


def compare_weights(memory: dict[str, Any], *, path: str, preset: str) -> dict[str, Any]:
    """Runs under the newest release: the present weights against those that were kept.

    By the workload's own tolerance, of the error of each tensor over the length of the way that it went; where the
    exact gradient is zero, that way has no direction and is left out.
    """
    workload = make_workload(MODEL, preset)
    aimless = list_aimless(load_reference(workload))
    before = {**workload.parameters(), **workload.state()}
    found = memory["program"].weights()
    with np.load(path) as kept:
        expected = dict(kept)
    equal = all(np.array_equal(found[name], expected[name]) for name in expected)
    errors = [
        float(np.linalg.norm(found[name] - expected[name]) / np.linalg.norm(expected[name] - before[name]))
        for name in expected
        if name not in aimless
    ]
    return {"equal": equal, "error": _worst(errors), "limit": workload.tolerances.update}


def make_artefact(
    memory: dict[str, Any], *, verbs: str, kind: str, implementation: str, preset: str, folder: str
) -> None:
    """Runs under the older release: the artefact, its inputs and its outputs, as files."""
    del memory
    workload = make_workload(MODEL, preset)
    inputs = workload.inputs()
    outputs = importlib.import_module(verbs).ARTEFACTS[kind].make(workload, implementation, inputs, Path(folder) / kind)
    np.savez(Path(folder) / _ARRAYS, inputs=inputs, outputs=outputs)


def run_artefact(memory: dict[str, Any], *, verbs: str, kind: str, folder: str) -> dict[str, Any]:
    """Runs under the newest release: what comes out of the artefact against what the older release computed."""
    del memory
    artefact = importlib.import_module(verbs).ARTEFACTS[kind]
    with np.load(Path(folder) / _ARRAYS) as kept:
        inputs, expected = kept["inputs"], kept["outputs"]
    began = time.perf_counter()
    outputs = artefact.run(inputs, Path(folder) / kind)
    return {"seconds": time.perf_counter() - began, **compare(expected, outputs)}


def compare(expected: NDArray[Any], found: NDArray[Any]) -> dict[str, Any]:
    """Equal to the bit or not, and the largest error relative to the largest expected value.

    The error is None where the shapes differ or a number is not finite.
    """
    if expected.shape != found.shape:
        return {"equal": False, "error": None, "limit": LARGEST_ERROR}
    error = float(np.abs(found - expected).max() / (np.abs(expected).max() or 1.0))
    return {"equal": bool(np.array_equal(found, expected)), "error": _worst([error]), "limit": LARGEST_ERROR}


def _worst(errors: Sequence[float]) -> float | None:
    """The largest; None where one is not finite."""
    return max(errors) if np.isfinite(errors).all() else None
