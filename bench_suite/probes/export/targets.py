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
from speedscore.bench_suite.probes.probe import ProbeCase, probed_frameworks, probed_models

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
    needs: str = ""
    """``module:function`` that finds what it needs beside Python packages, in pytest's process and before anything is
    started: arguments of ``load``, by name. It is what ``Tools.wait_for`` waits for, and raises ProbeUnavailable where
    something is missing."""
    hosts: bool = False
    """Whether an artefact that it takes (``Route.takes``) is opened in it by that artefact's own target, in whose
    packages it then runs."""
    load_test: str = ""
    """``module:function`` that asks a server for many answers at once, see ``serving.clients``; empty where the
    target serves nobody."""
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
    folder name within it, "tool": what made it}``. It may leave
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
    takes: str = ""
    """The target whose artefact this one runs: its way is taken where there is one, and nothing else is given."""
    declined: str = ""
    """Why there is no way, with a source; then nothing else is given."""


_RUNTIMES = "speedscore.bench_suite.probes.export.runtimes"
_BROWSER = "speedscore.bench_suite.probes.export.browser"
_SERVING = "speedscore.bench_suite.probes.export.serving"
_JAX = "speedscore.bench_suite.frameworks.jax.exports"
_TORCH = "speedscore.bench_suite.frameworks.torch.exports"
_TENSORFLOW = "speedscore.bench_suite.frameworks.tensorflow.exports"


def _litert(name: str, title: str, **more: Any) -> Target:
    return Target(
        name,
        title=title,
        load=f"{_RUNTIMES}.litert_runtime:load",
        packages=("ai_edge_litert",),
        distributions=("ai-edge-litert",),
        **more,
    )


def _executorch(name: str, title: str, **more: Any) -> Target:
    return Target(
        name, title=title, load=f"{_TORCH}.run_executorch:load", distributions=("executorch", "torchao"), **more
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
        Target(
            "exported",
            title="torch.export, ahead of time",
            load=f"{_TORCH}.run_exported:load",
            packages=("torch",),
            distributions=("torch",),
        ),
        Target(
            "aotinductor",
            title="AOTInductor, ahead of time",
            load=f"{_TORCH}.run_aotinductor:load",
            packages=("torch",),
            distributions=("torch",),
        ),
        _executorch("executorch", "ExecuTorch on phones"),
        _executorch("executorch-int8", "ExecuTorch on phones, int8", limit=INT8_LIMIT, quantised=True),
        Target(
            "savedmodel",
            title="SavedModel in TensorFlow",
            load=f"{_TENSORFLOW}.run_saved_model:load",
            packages=("tensorflow",),
            distributions=("tensorflow",),
        ),
        Target(
            "browser",
            title="ONNX Runtime Web in a browser",
            load=f"{_BROWSER}.runtime:load",
            needs=f"{_BROWSER}.needs:find_for_onnx",
        ),
        Target(
            "browser-litert",
            title="LiteRT.js in a browser",
            load=f"{_BROWSER}.runtime:load",
            needs=f"{_BROWSER}.needs:find_for_litert",
        ),
        Target(
            "http",
            title="HTTP, by LitServe",
            load=f"{_SERVING}.runtime:load",
            packages=("litserve",),
            distributions=("litserve",),
            hosts=True,
            load_test=f"{_SERVING}.clients:run",
        ),
        _litert("litert", "LiteRT on phones"),
        _litert("litert-int8", "LiteRT on phones, int8", limit=INT8_LIMIT, quantised=True),
    )
}

_ON_JAX = ("jax", "flax-nnx", "flax-linen", "haiku", "equinox")

_ON_TENSORFLOW = ("tensorflow",)
_ALL = tuple(line.id for line in probed_frameworks())
_ONNX_TOOLS = ("onnx", "onnxscript")


_EXECUTORCH: dict[str, Any] = {
    "environment": "executorch",
    "runs_there": True,
    "distributions": ("executorch", "torchao"),
}
_LITERT_TORCH: dict[str, Any] = {
    "environment": "litert-torch",
    "distributions": ("litert-torch", "litert-converter", "ai-edge-quantizer"),
}


def _by_tensorflow(target: str, converter: str) -> Route:
    return Route(
        _ON_JAX,
        target,
        convert=f"{_JAX}.by_tensorflow:{converter}",
        packages=("tensorflow",),
        distributions=("tensorflow",),
    )


_TORCH_TO_XLA = (
    "both ways go by XLA, and neither keeps up with PyTorch 2.13: the last release of torch_xla, 2.9, is made for "
    "PyTorch 2.9 (https://github.com/pytorch/xla/releases), and torchax 0.0.13 fails as it is imported: aten.prod has "
    "no overload name 'dim_Dimname' (https://github.com/google/torchax)"
)

ROUTES: tuple[Route, ...] = (
    Route(
        _ON_JAX,
        "onnx",
        convert=f"{_JAX}.onnx:convert",
        packages=("jax2onnx",),
        distributions=("jax2onnx", "onnx"),
    ),
    Route(_ON_JAX, "openvino", takes="onnx"),
    Route(_ON_JAX, "stablehlo", convert=f"{_JAX}.stablehlo:convert"),
    _by_tensorflow("savedmodel", "saved_model"),
    _by_tensorflow("litert", "litert"),
    _by_tensorflow("litert-int8", "litert_int8"),
    Route(("torch",), "onnx", convert=f"{_TORCH}.onnx:convert", packages=_ONNX_TOOLS, distributions=_ONNX_TOOLS),
    Route(
        ("torch",),
        "openvino",
        convert=f"{_TORCH}.openvino:convert",
        packages=("openvino",),
        distributions=("openvino",),
    ),
    Route(("torch",), "exported", convert=f"{_TORCH}.exported:convert"),
    Route(("torch",), "aotinductor", convert=f"{_TORCH}.aotinductor:convert"),
    Route(("torch",), "executorch", convert=f"{_TORCH}.executorch:convert", **_EXECUTORCH),
    Route(("torch",), "executorch-int8", convert=f"{_TORCH}.executorch:convert_int8", **_EXECUTORCH),
    Route(("torch",), "litert", convert=f"{_TORCH}.litert:convert", **_LITERT_TORCH),
    Route(("torch",), "litert-int8", convert=f"{_TORCH}.litert:convert_int8", **_LITERT_TORCH),
    Route(("torch",), "stablehlo", declined=_TORCH_TO_XLA),
    Route(("torch",), "savedmodel", declined=_TORCH_TO_XLA),
    Route(
        _ON_TENSORFLOW,
        "onnx",
        convert=f"{_TENSORFLOW}.onnx:convert",
        packages=("tf2onnx",),
        distributions=("tf2onnx", "onnx"),
    ),
    Route(
        _ON_TENSORFLOW,
        "openvino",
        convert=f"{_TENSORFLOW}.openvino:convert",
        packages=("openvino",),
        distributions=("openvino",),
    ),
    Route(_ON_TENSORFLOW, "stablehlo", convert=f"{_TENSORFLOW}.stablehlo:convert"),
    Route(_ON_TENSORFLOW, "savedmodel", convert=f"{_TENSORFLOW}.saved_model:convert"),
    Route(_ON_TENSORFLOW, "litert", convert=f"{_TENSORFLOW}.litert:convert"),
    Route(_ON_TENSORFLOW, "litert-int8", convert=f"{_TENSORFLOW}.litert_int8:convert"),
    Route(_ALL, "browser", takes="onnx"),
    # Their LiteRT files take one example at a time already.
    Route((*_ON_JAX, "torch"), "browser-litert", takes="litert"),
    Route(_ON_TENSORFLOW, "browser-litert", convert=f"{_TENSORFLOW}.litert:convert_fixed"),
    # What its own documentation serves: the framework's own artefact, whose runtime keeps up with the framework.
    Route(_ON_JAX, "http", takes="stablehlo"),
    Route(("torch",), "http", takes="exported"),
    Route(_ON_TENSORFLOW, "http", takes="savedmodel"),
)


_QUICK_TARGETS = ("stablehlo", "exported")
"""They need nothing but the framework itself."""


def find_route(framework: str, target: str) -> Route:
    """The way from a framework to a target. Raises LookupError where the table has none."""
    for route in ROUTES:
        if framework in route.frameworks and route.target == target:
            if not route.takes:
                return route
            return msgspec.structs.replace(find_route(framework, route.takes), target=target, takes=route.takes)
    raise LookupError(f"there is no line for {framework} to {target} in the table of routes")


@functools.cache
def ways() -> tuple[tuple[str, str], ...]:
    """Framework and target of every way in the table, those of one target side by side."""
    return tuple((line.id, target) for target in TARGETS for line in probed_frameworks() if _has_route(line.id, target))


def _has_route(framework: str, target: str) -> bool:
    try:
        find_route(framework, target)
    except LookupError:
        return False
    return True


def list_cases() -> Sequence[ProbeCase]:
    """A model of the suite on each way."""
    return [
        _case("export", framework, subject=model.id, target=target)
        for framework, target in ways()
        for model in probed_models()
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
    packages = () if route.declined else (*route.packages, *_runtime_packages(route))
    block = " ".join(("export", framework, subject))
    is_quick = target in _QUICK_TARGETS and subject in ("", "mlp")
    return ProbeCase(
        family, framework, subject=subject, target=target, packages=packages, block=block, is_quick=is_quick
    )


def _runtime_packages(route: Route) -> tuple[str, ...]:
    if route.runs_there:
        return ()
    target = TARGETS[route.target]
    return (*target.packages, *(TARGETS[route.takes].packages if target.hosts else ()))
