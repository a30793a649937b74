"""A workload in PyTorch, eager or compiled: the verbs of ``frameworks.program`` for any model of this folder.

The training step is what a PyTorch user writes: gradients set to None, forward, backward, the optimizer. Variants
``compile`` and ``cudagraphs`` hand model and loss to ``torch.compile`` as one function, and so their backward too; the
optimizer stays as it was. What a device needs beyond that is in ``platforms``. It never reads a clock.
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

from speedscore.bench_suite.frameworks.torch.graphs import count_graphs
from speedscore.bench_suite.frameworks.torch.layout import Model, read, write
from speedscore.bench_suite.frameworks.torch.platforms import Facts, Platform, find_platform
from speedscore.bench_suite.workloads.workload import IGNORED, AdamW, Array, Weights, Workload
from speedscore.record.phases import DeviceName, Role

VARIANTS = ("eager", "compile", "cudagraphs")


def build(
    workload: Workload, *, implementation: str, role: Role, device: DeviceName, variant: str, threads: int
) -> TorchProgram:
    """Build the program with its weights and batch on the device; float32 at the highest precision, no TF32.

    ``implementation`` offers ``make(workload)``, which returns a ``layout.Model``. Raises DeviceUnavailable when
    PyTorch cannot use the device, ValueError for an unknown variant.
    """
    if variant not in VARIANTS:
        raise ValueError(f"unknown variant {variant!r} of PyTorch; there are {', '.join(VARIANTS)}")
    platform = find_platform(device, graphs=variant == "cudagraphs")
    torch.set_num_threads(threads)
    model: Model = importlib.import_module(implementation).make(workload)
    return TorchProgram(workload, model, role=role, platform=platform, variant=variant)


class TorchProgram:
    """One model on one device in one variant."""

    def __init__(self, workload: Workload, model: Model, *, role: Role, platform: Platform, variant: str) -> None:
        self._workload = workload
        self._model = model
        self._role = role
        self._counts_before = count_graphs()
        self._platform = platform
        self._variant = variant
        self._channels_last = model.channels_last and platform.channels_last
        self._module: Any = model.module.to(platform.device)
        if self._channels_last:
            self._module = self._module.to(memory_format=torch.channels_last)
        self._module.train(role == "training")
        self._parameters = dict(self._module.named_parameters())
        self._buffers = dict(self._module.named_buffers())
        self._check_platform()
        self._inputs = self._place(workload.single_input() if role == "inference" else workload.inputs())
        self._targets = torch.from_numpy(workload.targets()).long().to(platform.device)
        # A program that never trains compiles and keeps no more than its one pass.
        self._predict: Callable[..., Any] = self._module if role == "training" else self._prepare(self._module)
        self._objective: Callable[..., Any] = self._prepare(self._evaluate)
        self._loss: Any = None
        self._outputs: Any = None
        self.load()
        platform.reset_peak()

    def _check_platform(self) -> None:
        wanted = self._platform.device.type
        for name, tensor in {**self._parameters, **self._buffers}.items():
            if tensor.device.type != wanted:
                raise RuntimeError(f"{name} was asked to be on {wanted!r}, but is on {tensor.device.type!r}")

    def _place(self, inputs: Array) -> torch.Tensor:
        """The batch on the device: tokens as int64, images as NCHW in the NHWC order that they come in."""
        tensor = torch.from_numpy(inputs)
        if tensor.dtype == torch.int32:
            tensor = tensor.long()
        if self._model.channels_last:
            tensor = tensor.permute(0, 3, 1, 2)
        return tensor.to(self._platform.device)

    def _prepare(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if self._variant == "eager":
            return function
        compiled: Callable[..., Any] = torch.compile(
            function, fullgraph=True, dynamic=False, **self._platform.compile_options
        )
        return compiled

    def _evaluate(self, inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Loss and logits of a batch: what the compiled variants compile.

        The logits are handed out so that those which are certified come from the function that is timed. Detached, they
        have no gradient to carry; interleaved with a function that gives the loss alone, no difference was measurable.
        """
        logits = self._module(inputs)
        loss = functional.cross_entropy(
            logits.flatten(0, -2), targets.flatten(), reduction="mean", ignore_index=IGNORED, label_smoothing=0.0
        )
        return loss, logits.detach()

    def load(self) -> None:
        self._module.zero_grad(set_to_none=True)
        values = {**self._workload.parameters(), **self._workload.state()}
        write(self._model.places, {**self._parameters, **self._buffers}, values)
        self._optimizer = self._make_optimizer()
        self.wait()

    def _make_optimizer(self) -> torch.optim.Optimizer:
        # Fused beside a compiled step(), interleaved on one core, medians in ms: AdamW 0.27 : 1.15 for mlp and
        # 0.46 : 1.06 for gpt at smoke, 1.8 : 3.2 for mlp at small. SGD 5.3 : 3.0 for resnet50 at smoke, which made 2 to
        # 3 % of its whole step; against that, each fresh optimizer that load() makes would be compiled anew.
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
                fused=self._platform.fused,
                capturable=self._platform.capturable,
            )
        return torch.optim.SGD(
            parameters,
            lr=options.learning_rate,
            momentum=options.momentum,
            dampening=0.0,
            weight_decay=options.weight_decay,
            nesterov=False,
            foreach=False,
            fused=self._platform.fused,
        )

    def compile(self) -> dict[str, float]:
        return {}

    def step(self) -> None:
        self._optimizer.zero_grad(set_to_none=True)
        self._platform.begin()
        loss = self._objective(self._inputs, self._targets)[0]
        loss.backward()
        self._optimizer.step()
        self._loss = self._platform.keep(loss)
        self._platform.end()

    def infer(self) -> None:
        self._platform.begin()
        with self._platform.evaluating():
            self._outputs = self._predict(self._inputs)
        self._platform.end()

    def wait(self) -> None:
        self._platform.wait()

    def pending(self) -> bool:
        return self._platform.pending()

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Inside it a recompilation raises, and whatever the platform sees of copies; ``wait`` may be called."""
        stance: AbstractContextManager[Any] = nullcontext()
        if self._variant != "eager":
            stance = torch.compiler.set_stance("fail_on_recompile")
        with stance, self._platform.steady():
            yield

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
        if self._role != "training":
            if self._outputs is None:
                raise RuntimeError("there are no logits before the first pass; call infer() first")
            logits = self._outputs
        else:
            # With gradients on, as in a step: without them, variant compile would compile a second function.
            self._platform.begin()
            with self._state_kept():
                logits = self._objective(self._inputs, self._targets)[1]
            self._platform.end()
        values: NDArray[np.float32] = logits.cpu().numpy()
        return values

    def loss_and_gradients(self) -> tuple[float, Weights]:
        self._module.zero_grad(set_to_none=True)
        self._platform.begin()
        with self._state_kept():
            loss = self._objective(self._inputs, self._targets)[0]
            loss.backward()
        self._platform.end()
        found = {name: tensor.grad for name, tensor in self._parameters.items() if tensor.grad is not None}
        gradients = read(self._model.places, found)
        self._module.zero_grad(set_to_none=True)
        return float(loss.detach()), gradients

    def weights(self) -> Weights:
        return read(self._model.places, {**self._parameters, **self._buffers})

    def trained_count(self) -> int:
        return sum(tensor.numel() for tensor in self._parameters.values() if tensor.requires_grad)

    def dispatch(self) -> None:
        """Eager PyTorch dispatches every operation and compiled PyTorch every graph: no single call can be emptied."""

    def memory(self) -> dict[str, int]:
        return self._platform.memory()

    def counts(self) -> dict[str, int]:
        """Of the compiled variants; ``graph_breaks`` is 0 as long as ``fullgraph`` raises an error for each.

        No ``exported_bytes``: ``torch.export`` takes a module's forward pass, and what runs is a training step.
        """
        if self._variant == "eager":
            return {}
        found = {name: count - self._counts_before[name] for name, count in count_graphs().items()}
        # The one function that the role runs is one graph.
        return {
            "graph_breaks": found["graph_breaks"],
            "graph_operations": found["operations"],
            "recompilations": max(0, found["graphs"] - 1),
        }

    def describe(self) -> Facts:
        facts: Facts = {
            "platform": self._platform.name,
            "device_kind": self._platform.kind,
            "threads": torch.get_num_threads(),
            "variant": self._variant,
            "compiled": self._compiled_part(),
            **self._platform.describe(),
        }
        if self._role == "training":
            facts["optimizer"] = f"torch.optim.{type(self._optimizer).__name__}, {self._platform.optimizer_part}"
        if self._channels_last:
            facts["layout"] = "channels_last"
        if self._model.attention:
            facts["attention"] = self._model.attention
        return facts

    def _compiled_part(self) -> str:
        if self._variant == "eager":
            return self._platform.eager_part
        return "model" if self._role != "training" else "model, loss and backward; not the optimizer"
