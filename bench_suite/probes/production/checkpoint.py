"""A checkpoint's round trip: one process trains and saves, another restores; is every array the same to the bit?

What is saved is the whole state of one of the suite's own training programs after some steps: parameters, running
statistics, the optimizer's moments and counts. ``seconds`` is save and restore together. It never judges a format.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from speedscore.bench_suite.frameworks.checkpointing import Checkpointing
from speedscore.bench_suite.frameworks.digests import digest_arrays, first_difference
from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.probe import Answer, ProbeCase, probed_frameworks
from speedscore.bench_suite.probes.process import Lost, Raised
from speedscore.bench_suite.probes.production.programs import probing_module, start_program, take_steps
from speedscore.bench_suite.probes.tools import Tools
from speedscore.text.numbers import first_line

MODELS = ("mlp", "gpt")
STEPS = 3
"""Before saving: an optimizer's state that is all zeros would be restored by making a fresh one."""
ROUTES = {
    "orbax": ("jax", "flax-nnx", "flax-linen", "haiku"),
    "native": ("equinox", "torch", "tensorflow"),
    "safetensors": ("jax", "flax-nnx", "flax-linen", "haiku", "equinox", "torch", "tensorflow"),
}
"""Route → whose users take it. JAX and Flax have no format of their own; their documentation names Orbax."""
PACKAGES = {"orbax": ("orbax.checkpoint",), "native": (), "safetensors": ("safetensors",)}
_THIS = "speedscore.bench_suite.probes.production.checkpoint"


def list_cases() -> Sequence[ProbeCase]:
    """A model by a route, for every framework that has the route."""
    return [
        ProbeCase("checkpoint", framework=line.id, subject=model, target=route, packages=PACKAGES[route])
        for line in probed_frameworks()
        for model in MODELS
        for route, frameworks in ROUTES.items()
        if line.id in frameworks
    ]


def ask(case: ProbeCase, tools: Tools) -> Answer:
    """Save in one process and restore in another."""
    verbs = probing_module(case.framework, "checkpoint")
    (folder := tools.scratch / "checkpoint").mkdir()
    path = folder / "state"
    saver = start_program(tools, framework=case.framework, model=case.subject)
    take_steps(saver, STEPS)
    distributions = saver.call(f"{_THIS}:list_distributions", verbs=verbs, route=case.target)
    versions = saver.versions(*FRAMEWORKS[case.framework].distributions, *distributions)
    began = time.perf_counter()
    try:
        saved = saver.call(f"{_THIS}:save", verbs=verbs, route=case.target, path=str(path))
    except (Raised, Lost) as error:
        return Answer("not saved", (time.perf_counter() - began,), versions, reason=first_line(str(error)))
    saver.close()
    reader = start_program(tools, framework=case.framework, model=case.subject)
    measured = {"checkpoint_save_seconds": [saved["seconds"]], "checkpoint_bytes": [count_bytes(folder)]}
    try:
        restored = reader.call(f"{_THIS}:restore", verbs=verbs, route=case.target, path=str(path))
    except (Raised, Lost) as error:
        reason = first_line(str(error))
        return Answer("not restored", (saved["seconds"],), versions, reason=reason, measurements=measured)
    return compare(saved, restored, versions=versions, measured=measured)


def compare(
    saved: Mapping[str, Any],
    restored: Mapping[str, Any],
    *,
    versions: dict[str, str],
    measured: Mapping[str, Sequence[float]],
) -> Answer:
    """What two processes found in memory, one before it saved and one after it restored."""
    difference = first_difference(saved["digests"], restored["digests"])
    return Answer(
        "differs" if difference else "equal",
        (saved["seconds"] + restored["seconds"],),
        versions,
        observations={"arrays": len(saved["digests"]), "first_difference": difference or None},
        measurements={**measured, "checkpoint_restore_seconds": [restored["seconds"]]},
    )


def count_bytes(folder: Path) -> int:
    """Of all files below a folder: some routes make several, or give theirs another name than was asked for."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def list_distributions(memory: dict[str, Any], *, verbs: str, route: str) -> tuple[str, ...]:
    """Runs in the framework's process: what takes part beside the framework."""
    del memory
    return _verbs(verbs).ROUTES[route].distributions


def save(memory: dict[str, Any], *, verbs: str, route: str, path: str) -> dict[str, Any]:
    """Runs in the framework's process: seconds until the checkpoint is complete, and what it is a checkpoint of."""
    checkpointing = _verbs(verbs)
    state = checkpointing.read(memory["program"])
    digests = digest_arrays(checkpointing.name_arrays(state))
    began = time.perf_counter()
    checkpointing.ROUTES[route].save(state, Path(path))
    return {"seconds": time.perf_counter() - began, "digests": digests}


def restore(memory: dict[str, Any], *, verbs: str, route: str, path: str) -> dict[str, Any]:
    """Runs in the framework's process: seconds until the program holds the state, and what it then holds."""
    checkpointing = _verbs(verbs)
    program = memory["program"]
    template = checkpointing.read(program)
    began = time.perf_counter()
    checkpointing.write(program, checkpointing.ROUTES[route].restore(template, Path(path)))
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "digests": digest_arrays(checkpointing.name_arrays(checkpointing.read(program)))}


def _verbs(name: str) -> Checkpointing:
    return cast(Checkpointing, importlib.import_module(name))
