"""A workload in PyTorch, eager or compiled: the verbs of ``frameworks.program`` for any model of this folder.

The training step is what a PyTorch user writes: gradients set to None, forward, backward, a fused optimizer. Variant
``compile`` hands model and loss to ``torch.compile`` as one function, and so their backward too; the optimizer stays
the fused one. It never reads a clock.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from bench_suite.frameworks.program import DeviceName, DeviceUnavailable, Phase
from bench_suite.frameworks.torch.layout import Model, read, write
from bench_suite.workloads.workload import AdamW, Array, Weights, Workload

VARIANTS = ("eager", "compile")

_DEVICE_NAMES: dict[str, DeviceName] = {"cpu": "cpu", "cuda": "gpu"}
"""PyTorch's names of devices, and the suite's."""


def build(workload: Workload, *, phase: Phase, device: DeviceName, variant: str, threads: int) -> TorchProgram:
    """Build the program with its weights and batch on the device; float32 at the highest precision, no TF32.

    Raises DeviceUnavailable when PyTorch cannot use the device, ValueError for an unknown variant.
    """
    if variant not in VARIANTS:
        raise ValueError(f"unknown variant {variant!r} of PyTorch; there are {', '.join(VARIANTS)}")
    platform = _find_platform(device)
    torch.set_num_threads(threads)
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    model: Model = importlib.import_module(f"bench_suite.frameworks.torch.{workload.model}").make(workload)
    return TorchProgram(workload, model, phase=phase, platform=platform, variant=variant)


def _find_platform(device: DeviceName) -> str:
    """PyTorch's name of the device."""
    if device == "cpu":
        return "cpu"
    if device == "gpu" and torch.cuda.is_available():
        return "cuda"
    built = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built without CUDA"
    raise DeviceUnavailable(
        f"asked for {device!r}, but torch {torch.__version__} ({built}) found {torch.cuda.device_count()} CUDA devices"
    )


class TorchProgram:
    """One model on one device in one variant."""

    def __init__(self, workload: Workload, model: Model, *, phase: Phase, platform: str, variant: str) -> None:
        self._workload = workload
        self._model = model
        self._phase = phase
        self._platform = platform
        self._variant = variant
        self._module: Any = model.module.to(platform)
        if model.channels_last:
            self._module = self._module.to(memory_format=torch.channels_last)
        self._module.train(phase != "inference")
        self._parameters = dict(self._module.named_parameters())
        self._buffers = dict(self._module.named_buffers())
        self._check_platform()
        self._inputs = self._place(workload.single_input() if phase == "inference" else workload.inputs())
        self._targets = torch.from_numpy(workload.targets()).long().to(platform)
        # The inference program never trains, so that it compiles and keeps no more than its one pass.
        self._predict: Callable[..., Any] = self._prepare(self._module) if phase == "inference" else self._module
        self._objective: Callable[..., Any] = self._prepare(self._evaluate)
        self._loss: Any = None
        self._outputs: Any = None
        self.load()

    def _check_platform(self) -> None:
        for name, tensor in {**self._parameters, **self._buffers}.items():
            if tensor.device.type != self._platform:
                raise RuntimeError(f"{name} was asked to be on {self._platform!r}, but is on {tensor.device.type!r}")

    def _place(self, inputs: Array) -> torch.Tensor:
        """The batch on the device: tokens as int64, images as NCHW in the NHWC memory order that they come in."""
        tensor = torch.from_numpy(inputs)
        if tensor.dtype == torch.int32:
            tensor = tensor.long()
        if self._model.channels_last:
            tensor = tensor.permute(0, 3, 1, 2)
        return tensor.to(self._platform)

    def _prepare(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if self._variant == "eager":
            return function
        compiled: Callable[..., Any] = torch.compile(function, fullgraph=True, dynamic=False)
        return compiled

    def _evaluate(self, inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Loss and logits of a batch: what variant ``compile`` compiles.

        The logits are handed out so that those which are certified come from the function that is timed. Detached, they
        have no gradient to carry; interleaved with a function that gives the loss alone, no difference was measurable.
        """
        logits = self._module(inputs)
        loss = functional.cross_entropy(logits.flatten(0, -2), targets.flatten(), reduction="mean", label_smoothing=0.0)
        return loss, logits.detach()

    def load(self) -> None:
        self._module.zero_grad(set_to_none=True)
        values = {**self._workload.parameters(), **self._workload.state()}
        write(self._model.places, {**self._parameters, **self._buffers}, values)
        self._optimizer = self._make_optimizer()
        self.wait()

    def _make_optimizer(self) -> torch.optim.Optimizer:
        options, parameters = self._workload.optimizer, self._module.parameters()
        if isinstance(options, AdamW):
            return torch.optim.AdamW(
                parameters,
                lr=options.learning_rate,
                betas=(options.beta1, options.beta2),
                eps=options.epsilon,
                weight_decay=options.weight_decay,
                amsgrad=False,
                foreach=False,
                fused=True,
            )
        return torch.optim.SGD(
            parameters,
            lr=options.learning_rate,
            momentum=options.momentum,
            dampening=0.0,
            weight_decay=options.weight_decay,
            nesterov=False,
            foreach=False,
            fused=True,
        )

    def compile(self) -> dict[str, float]:
        return {}

    def step(self) -> None:
        self._optimizer.zero_grad(set_to_none=True)
        loss = self._objective(self._inputs, self._targets)[0]
        loss.backward()
        self._optimizer.step()
        self._loss = loss.detach()

    def infer(self) -> None:
        with torch.inference_mode():
            self._outputs = self._predict(self._inputs)

    def wait(self) -> None:
        # On the CPU every call returns when its work is done.
        if self._platform == "cuda":
            torch.cuda.synchronize()

    def pending(self) -> bool:
        return self._platform == "cuda" and not torch.cuda.current_stream().query()

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Inside it a recompilation raises, and on CUDA every call that makes the host wait for the device.

        That covers ``.item()`` and copies from and to pageable memory; an asynchronous copy from pinned memory is not
        seen. On the CPU there is no copy to see. ``wait`` may be called inside.
        """
        stance: AbstractContextManager[Any] = nullcontext()
        if self._variant == "compile":
            stance = torch.compiler.set_stance("fail_on_recompile")
        with stance, self._no_synchronisation():
            yield

    @contextmanager
    def _no_synchronisation(self) -> Iterator[None]:
        if self._platform != "cuda":
            yield
            return
        before = torch.cuda.get_sync_debug_mode()
        torch.cuda.set_sync_debug_mode("error")
        try:
            yield
        finally:
            torch.cuda.set_sync_debug_mode(before)

    def loss(self) -> float:
        if self._loss is None:
            raise RuntimeError("there is no loss before the first step; call step() first")
        return float(self._loss)

    @contextmanager
    def _state_kept(self) -> Iterator[None]:
        """Puts the running statistics back, which every pass in training mode moves."""
        kept = {name: buffer.clone() for name, buffer in self._buffers.items()}
        try:
            yield
        finally:
            for name, buffer in self._buffers.items():
                buffer.copy_(kept[name])

    def forward(self) -> NDArray[np.float32]:
        if self._phase == "inference":
            if self._outputs is None:
                raise RuntimeError("there are no logits before the first pass; call infer() first")
            logits = self._outputs
        else:
            # With gradients on, as in a step: without them, variant compile would compile a second function.
            with self._state_kept():
                logits = self._objective(self._inputs, self._targets)[1]
        values: NDArray[np.float32] = logits.cpu().numpy()
        return values

    def loss_and_gradients(self) -> tuple[float, Weights]:
        self._module.zero_grad(set_to_none=True)
        with self._state_kept():
            loss = self._objective(self._inputs, self._targets)[0]
            loss.backward()
        found = {name: tensor.grad for name, tensor in self._parameters.items() if tensor.grad is not None}
        gradients = read(self._model.places, found)
        self._module.zero_grad(set_to_none=True)
        return float(loss.detach()), gradients

    def weights(self) -> Weights:
        return read(self._model.places, {**self._parameters, **self._buffers})

    def trained_count(self) -> int:
        return sum(tensor.numel() for tensor in self._parameters.values() if tensor.requires_grad)

    def memory(self) -> dict[str, int]:
        if self._platform != "cuda":
            return {}
        return {"allocator_peak_bytes": torch.cuda.max_memory_allocated()}

    def describe(self) -> dict[str, str | int | float | bool | None]:
        facts: dict[str, str | int | float | bool | None] = {
            "platform": _DEVICE_NAMES[self._platform],
            "device_kind": torch.cuda.get_device_name() if self._platform == "cuda" else "cpu",
            "threads": torch.get_num_threads(),
            "variant": self._variant,
            "compiled": "nothing" if self._variant == "eager" else self._compiled_part(),
            "matmul_precision": torch.get_float32_matmul_precision(),
        }
        if self._phase != "inference":
            facts["optimizer"] = f"torch.optim.{type(self._optimizer).__name__}, fused"
        if self._model.channels_last:
            facts["layout"] = "channels_last"
        if self._model.attention:
            facts["attention"] = self._model.attention
        return facts

    def _compiled_part(self) -> str:
        return "model" if self._phase == "inference" else "model, loss and backward; not the optimizer"
