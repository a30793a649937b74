"""Where a model can go, and the way there from each framework, as text: nothing is imported until a probe is asked.

Adding a target: what opens it (see ``Target.load``), a line in ``TARGETS``, and the ways to it. Adding a way: a
converter (see ``Route.convert``) in the framework's folder and a line in ``ROUTES``.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import msgspec

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.matrix.cases import implementation
from speedscore.bench_suite.probes.probe import ProbeCase, probed_frameworks
from speedscore.bench_suite.workloads.table import MODELS

FLOAT32_LIMIT = 1e-4
"""Largest relative error (of L2 norms) of a float32 artefact. Runtimes that compute the same model differ by about
1e-6; GELU in its other form is 3.5e-4 off."""
INT8_LIMIT = 0.1
"""The same of an artefact whose weights or activations are rounded to eight bits."""


class Target(msgspec.Struct, frozen=True):
    """One form that a model can be given, with what runs it."""

    id: str
    title: str
    load: str
    """``module:function`` that opens an artefact without the framework, in a process of its own.

    ``load(memory, *, folder, artefact)`` opens ``folder/artefact`` and leaves under ``memory["call"]`` a function of
    one batch (an array, as the artefact takes it) that returns the logits as a NumPy array when they are there."""
    packages: tuple[str, ...] = ()
    """Importable names that the runtime needs."""
    distributions: tuple[str, ...] = ()
    """Whose versions are recorded of the runtime's process."""
    limit: float = FLOAT32_LIMIT
    """Largest relative error of the logits, of L2 norms."""
    quantised: bool = False


class Route(msgspec.Struct, frozen=True):
    """One way from a framework to a target."""

    frameworks: tuple[str, ...]
    target: str
    convert: str = ""
    """``module:function`` that runs in the framework's process:

    ``convert(memory, *, folder)`` finds the built program under ``memory["program"]`` and its workload under
    ``memory["workload"]`` (see ``native``), writes the artefact into ``folder``, and returns ``{"artefact": file or
    folder name within it, "dynamic_batch": whether it should take any batch size, "tool": what made it}``. It may leave
    a function ``memory["to_artefact"]``, array → array, that turns canonical examples (NHWC images, int32 tokens) into
    what the artefact takes."""
    packages: tuple[str, ...] = ()
    """Importable names that converting needs beside the framework."""
    distributions: tuple[str, ...] = ()
    """Whose versions are recorded of the framework's process."""
    environment: str = ""
    """The environment (``probes/environments``) whose interpreter converts, and runs where ``runs_there``."""
    runs_there: bool = False
    """Whether the runtime lives in that environment, too."""
    declined: str = ""
    """Why there is no way, with a source; then nothing else is given."""


_RUNTIMES = "speedscore.bench_suite.probes.export.runtimes"
_JAX = "speedscore.bench_suite.frameworks.jax.exports"


def _litert(name: str, title: str, **more: Any) -> Target:
    return Target(
        name,
        title=title,
        load=f"{_RUNTIMES}.litert_runtime:load",
        packages=("ai_edge_litert",),
        distributions=("ai-edge-litert",),
        **more,
    )


TARGETS: dict[str, Target] = {
    target.id: target
    for target in (
        Target(
            "onnx",
            title="ONNX Runtime",
            load=f"{_RUNTIMES}.onnx_runtime:load",
            packages=("onnxruntime",),
            distributions=("onnxruntime",),
        ),
        Target(
            "openvino",
            title="OpenVINO",
            load=f"{_RUNTIMES}.openvino_runtime:load",
            packages=("openvino",),
            distributions=("openvino",),
        ),
        Target(
            "stablehlo",
            title="StableHLO, ahead of time",
            load=f"{_JAX}.run_stablehlo:load",
            packages=("jax",),
            distributions=("jax", "jaxlib"),
        ),
        _litert("litert", "LiteRT on phones"),
        _litert("litert-int8", "LiteRT on phones, int8", limit=INT8_LIMIT, quantised=True),
    )
}

_ON_JAX = ("jax", "flax-nnx", "flax-linen", "haiku", "equinox")

ROUTES: tuple[Route, ...] = (Route(_ON_JAX, "stablehlo", convert=f"{_JAX}.stablehlo:convert"),)


def find_route(framework: str, target: str) -> Route:
    """The way from a framework to a target. Raises LookupError where the table has none."""
    for route in ROUTES:
        if framework in route.frameworks and route.target == target:
            return route
    raise LookupError(f"there is no line for {framework} to {target} in the table of routes")


@functools.cache
def ways() -> tuple[tuple[str, str], ...]:
    """Framework and target of every way in the table, those of one target side by side."""
    return tuple(
        (line.id, target)
        for target in TARGETS
        for line in probed_frameworks()
        if any(line.id in route.frameworks and route.target == target for route in ROUTES)
    )


def list_cases() -> Sequence[ProbeCase]:
    """A model of the suite on each way."""
    return [
        _case("export", framework, subject=model.id, target=target)
        for framework, target in ways()
        for model in MODELS.values()
        if implementation(FRAMEWORKS[framework], model)
    ]


def list_control_cases() -> Sequence[ProbeCase]:
    """One on each way that is one."""
    return [
        _case("export_control", framework, target=target)
        for framework, target in ways()
        if not find_route(framework, target).declined
    ]


def _case(family: str, framework: str, *, target: str, subject: str = "") -> ProbeCase:
    route = find_route(framework, target)
    packages = () if route.declined else (*route.packages, *(() if route.runs_there else TARGETS[target].packages))
    return ProbeCase(family, framework, subject=subject, target=target, packages=packages)
