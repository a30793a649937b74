"""The suite's own programs in a probe's process: built, stepped and looked at by their verbs, whatever framework it is.

It imports a framework only through the table, and never times anything.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from speedscore.bench_suite.frameworks.digests import digest_arrays
from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.process import ProbeProcess
from speedscore.bench_suite.probes.tools import Tools
from speedscore.bench_suite.workloads.table import make_workload

_ON_JAX = "speedscore.bench_suite.frameworks.jax"
_THIS = "speedscore.bench_suite.probes.production.programs"


def probing_module(framework: str, question: str) -> str:
    """The module ``probing.<question>`` of the framework's folder, or JAX's for a library on JAX that has none.

    Raises LookupError where there is neither.
    """
    line = FRAMEWORKS[framework]
    for package in (line.package, *((_ON_JAX,) if line.ecosystem == "jax" else ())):
        probing = f"{package}.probing"
        if importlib.util.find_spec(probing) is not None and importlib.util.find_spec(f"{probing}.{question}"):
            return f"{probing}.{question}"
    raise LookupError(f"{framework} has no module probing.{question} in {line.package}")


def start_program(
    tools: Tools,
    *,
    framework: str,
    model: str,
    python: Path | None = None,
    variant: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> ProbeProcess:
    """A fresh process that holds the training program of a model of the suite, at the session's sizes.

    ``python`` is the interpreter of another environment; None for this one. ``variant`` is another way of running than
    the line's own, which its builder knows; ``variables`` are as in ``Tools.start``.
    """
    process = tools.start(python=python, variables=variables)
    process.call(f"{_THIS}:build_program", framework=framework, model=model, preset=tools.preset, variant=variant)
    return process


def take_steps(process: ProbeProcess, steps: int) -> None:
    """Train the program of the process by as many steps."""
    process.call(f"{_THIS}:step_program", steps=steps)


def build_program(
    memory: dict[str, Any], *, framework: str, model: str, preset: str, variant: str | None = None
) -> None:
    """Runs in the framework's process, on the host and with one thread; compiles nothing yet."""
    line = FRAMEWORKS[framework]
    memory["compiled"] = False
    memory["program"] = line.load()(
        make_workload(model, preset),
        implementation=f"{line.package}.{line.module_of(model)}",
        role="training",
        device="cpu",
        variant=line.variant if variant is None else variant,
        threads=1,
    )


def step_program(memory: dict[str, Any], *, steps: int) -> None:
    """Runs in the framework's process: compile where that was not done, step, and wait for the last step."""
    program = memory["program"]
    if not memory["compiled"]:
        program.compile()
        memory["compiled"] = True
    for _ in range(steps):
        program.step()
    program.wait()


def reload_program(memory: dict[str, Any]) -> None:
    """Runs in the framework's process: back to the first weights, with a fresh optimizer."""
    memory["program"].load()


def digest_weights(memory: dict[str, Any]) -> dict[str, str]:
    """Runs in the framework's process: digests of parameters and state under their canonical names."""
    return digest_arrays(memory["program"].weights())
