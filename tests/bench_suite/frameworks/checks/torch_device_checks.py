"""The paths of PyTorch to a GPU and a TPU, walked on the host, every call meant for a device being noted.

It needs the folder of the fake ``torch_xla`` on Python's path; see ``running`` for how it is run.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest import mock

import torch

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.frameworks.torch import platforms
from speedscore.bench_suite.workers.certificate import certify
from speedscore.bench_suite.workloads.table import make_workload
from speedscore.record.phases import MODEL_ROLES
from tests.bench_suite.frameworks.checks import programs

PROGRAMS = ("eager", "compile", "cudagraphs")
"""The variants on a GPU."""

_WORKLOAD = make_workload("mlp", "smoke")
_build = partial(programs.build, "torch", "mlp")


@contextlib.contextmanager
def _compiling_nothing() -> Iterator[list[dict[str, Any]]]:
    """Gives the options with which ``torch.compile`` was called."""
    options_seen: list[dict[str, Any]] = []

    def leave_alone(function: Any, **options: Any) -> Any:
        options_seen.append(options)
        return function

    with mock.patch.object(torch, "compile", leave_alone):
        yield options_seen


def _refusal(action: Callable[[], object], kind: type[Exception]) -> str | None:
    try:
        action()
    except kind as error:
        return str(error)
    return None


def an_accelerator_under_torch_xla_is_certified_synchronised_and_watched() -> dict[str, Any]:
    xla: Any = importlib.import_module("torch_xla")
    xla_model: Any = importlib.import_module("torch_xla.core.xla_model")
    metrics: Any = importlib.import_module("torch_xla.debug.metrics")
    adam: Any = sys.modules["torch.optim.adam"]
    facts: dict[str, Any] = {}

    def within(training: Any, metric: str) -> None:
        with training.steady():
            training.step()
            if metric:
                metrics.counts[metric] = metrics.counts.get(metric, 0) + 2

    def fail() -> None:
        raise RuntimeError("no libtpu\nand more")

    with (
        _compiling_nothing() as compiled,
        # The host is not among the devices whose optimizer may be captured; a TPU is.
        mock.patch.object(adam, "_get_capturable_supported_devices", return_value=["cpu"]),
    ):
        facts["certified"] = {
            f"{variant} {role}": certify(_build(role, device="tpu", variant=variant), _WORKLOAD, role).passed
            for variant in ("eager", "compile")
            for role in MODEL_ROLES
        }
        facts["backends"] = sorted({options["backend"] for options in compiled})
        training = _build(device="tpu", variant="eager")
        facts["describe"] = training.describe()
        facts["memory"] = training.memory()
        facts["pending"] = [training.pending()]
        facts["calls"] = []
        for verb in (training.step, training.step, training.wait):
            xla.calls.clear()
            verb()
            facts["pending"].append(training.pending())
            facts["calls"].append(list(xla.calls))
        watched = ("", "ExecuteTime", "CompileTime", "TransferFromDeviceTime", "TransferToDeviceTime")
        facts["steady"] = [_refusal(partial(within, training, metric), RuntimeError) for metric in watched]
        inference = _build("inference", device="tpu", variant="eager")
        inference.infer()
        facts["inference tensor"] = inference._logits.is_inference()
        build = partial(_build, device="tpu", variant="eager")
        with mock.patch.object(xla_model, "hardware", "CPU"):
            facts["other hardware"] = _refusal(build, DeviceUnavailable)
        with mock.patch.object(xla, "device", fail):
            facts["no device"] = _refusal(build, DeviceUnavailable)
    return facts


def without_torch_xla_its_accelerator_is_unavailable_and_the_remedy_is_named() -> str | None:
    find = importlib.util.find_spec
    with mock.patch.object(importlib.util, "find_spec", lambda name: None if name == "torch_xla" else find(name)):
        return _refusal(partial(_build, device="tpu", variant="eager"), DeviceUnavailable)


class _OnTheHost(platforms.Cuda):
    """A CUDA device in all but the place of its tensors."""

    def __init__(self, *, graphs: bool, tf32: bool = False) -> None:
        super().__init__(graphs=graphs, tf32=tf32)
        self.device = torch.device("cpu")


@contextlib.contextmanager
def _noted_cuda(calls: list[str], stream: SimpleNamespace) -> Iterator[None]:
    """Puts the host in CUDA's place and notes in ``calls`` what is asked of it; ``stream.idle``: no work is left."""

    def note(name: str) -> Callable[..., None]:
        return lambda *_: calls.append(name)

    cuda: dict[str, Any] = {
        "is_available": lambda: True,
        "get_device_name": lambda: "a card",
        "synchronize": note("synchronize"),
        "empty_cache": note("empty_cache"),
        "reset_peak_memory_stats": note("reset_peak"),
        "max_memory_allocated": lambda: 3,
        "max_memory_reserved": lambda: 5,
        "current_stream": lambda: SimpleNamespace(query=lambda: stream.idle),
        "get_sync_debug_mode": lambda: 0,
        "set_sync_debug_mode": lambda mode: calls.append(f"sync debug {mode}"),
    }
    with (
        mock.patch.multiple(torch.cuda, **cuda),
        mock.patch.object(torch.compiler, "cudagraph_mark_step_begin", note("mark")),
        mock.patch.object(platforms, "Cuda", _OnTheHost),
    ):
        yield


def on_cuda_the_streams_are_waited_for_and_the_peak_begins_anew_when_asked(program: str) -> dict[str, Any]:
    inductor: Any = importlib.import_module("torch._inductor.config")
    calls: list[str] = []
    stream = SimpleNamespace(idle=True)
    build = partial(_build, device="gpu", variant=program)
    facts: dict[str, Any] = {}

    def called(action: Callable[[], Any]) -> list[str]:
        calls.clear()
        action()
        return list(calls)

    def steadily() -> None:
        with training.steady():
            training.step()

    with (
        _compiling_nothing() as compiled,
        _noted_cuda(calls, stream),
        inductor.patch({"triton.cudagraph_or_error": False}),
    ):
        training = build()
        facts["build"] = list(calls)
        facts["options"] = compiled[-1] if compiled else None
        facts["reset"] = called(training.reset_peak)
        facts["memory"] = training.memory()
        facts["describe"] = training.describe()
        facts["step"] = called(training.step)
        evaluate, results = training._objective, []

        def noted(*batch: Any) -> Any:
            results.append(evaluate(*batch))
            return results[-1]

        training._objective = noted
        training.step()
        facts["loss kept apart"] = training._loss.data_ptr() != results[-1][0].data_ptr()
        facts["steady"] = called(steadily)
        facts["wait"] = called(training.wait)
        facts["pending when idle"] = training.pending()
        stream.idle = False
        facts["pending when busy"] = training.pending()
        facts["forward"] = called(training.forward)
        facts["gradients"] = called(training.loss_and_gradients)
        for role in MODEL_ROLES:
            facts[role] = certify(build(role), _WORKLOAD, role).passed
        facts["infer"] = called(lambda: build("inference").infer())[-1]
        inference = build("inference")
        with inference.steady():
            inference.infer()
            answered = inference._logits.data_ptr()
        facts["answer kept apart"] = inference._logits.data_ptr() != answered
        facts["or error"] = inductor.triton.cudagraph_or_error
    return facts
