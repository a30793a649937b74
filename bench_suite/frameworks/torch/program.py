"""A workload in PyTorch, eager or compiled: the verbs of ``frameworks.program`` for any model of this folder.

The training step is what a PyTorch user writes: gradients set to None, forward, backward, the optimizer. Variants
``compile`` and ``cudagraphs`` hand model and loss to ``torch.compile`` as one function, and so their backward too; the
optimizer stays as it was. Variant ``tuned`` does so with options of the compiler, or not at all, as ``tuned`` says.
What a device needs beyond that is in ``platforms``. It reads the clock only around what makes the optimizer.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
import torch._dynamo  # every optimizer does, as it is made: importing is no part of what running takes
from numpy.typing import NDArray
from torch.nn import functional

from speedscore.bench_suite.frameworks.profiling import MarkStep
from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.frameworks.torch.compiling import VARIANTS, Compiler
from speedscore.bench_suite.frameworks.torch.layout import TorchModel
from speedscore.bench_suite.frameworks.torch.memory_layout import choose_layout
from speedscore.bench_suite.frameworks.torch.optimizer import make_optimizer, optimizer_class
from speedscore.bench_suite.frameworks.torch.placed import Placed, PlacedModel
from speedscore.bench_suite.frameworks.torch.platforms import Facts, Platform, find_platform
from speedscore.bench_suite.frameworks.torch.tuned import find_options
from speedscore.bench_suite.workloads.workload import IGNORED, Array, Weights, Workload
from speedscore.host.clock import seconds
from speedscore.host.peaks import Precision
from speedscore.record.phases import DeviceName, Role

Objective = Callable[[Any, Any], tuple[Any, Any]]
"""Inputs and targets of a batch to its loss and logits."""
Autocast = Callable[[], AbstractContextManager[Any]]
"""Makes the context that model and loss run in."""

_COMPUTE: dict[str, Facts] = {
    "bfloat16": {
        "compute": "torch.autocast: products, convolutions and attention in bfloat16, and what follows them; residual "
        "stream, loss, parameters, gradients and optimizer in float32"
    }
}
"""What of a program is in which type, where not all is float32."""


class Stepping(Protocol):
    """What an optimizer does in a step: PyTorch's own, or a library's."""

    def zero_grad(self, *, set_to_none: bool) -> None: ...
    def step(self) -> object: ...


StartOptimizer = Callable[[], Stepping]
"""Makes a fresh optimizer of a model's parameters."""


def build(
    workload: Workload, *, implementation: str, role: Role, device: DeviceName, variant: str, threads: int
) -> TorchProgram:
    """Build the program with its weights and batch on the device, in the workload's precision.

    ``implementation`` offers ``make(workload)``, which returns a ``layout.TorchModel``. Raises DeviceUnavailable when
    PyTorch cannot use the device, ValueError for an unknown variant.
    """
    if variant not in VARIANTS:
        raise ValueError(f"unknown variant {variant!r} of PyTorch; there are {', '.join(VARIANTS)}")
    if variant == "tuned" and device != "cpu":
        raise DeviceUnavailable(f"variant tuned of PyTorch was found on a CPU, and is not one for {device!r}")
    tuning = find_options(workload.model, role) if variant == "tuned" else None
    platform = find_platform(device, graphs=variant == "cudagraphs", precision=workload.precision)
    torch.set_num_threads(threads)
    model: TorchModel = importlib.import_module(implementation).make(workload)
    layout = None
    if model.trial is not None and platform.chooses_layout:
        layout = choose_layout(
            workload,
            implementation=implementation,
            arguments=model.trial,
            device=platform.name,
            kind=platform.kind,
        )
    placed = PlacedModel(model, platform, trains=role == "training", layout=layout)
    return TorchProgram(
        workload,
        placed,
        role=role,
        platform=platform,
        compiler=Compiler(variant, platform.compile_options, tuning=tuning),
        objective=make_objective(placed.module, find_autocast(platform, workload.precision)),
        start_optimizer=partial(
            make_optimizer,
            workload.optimizer,
            list(placed.module.parameters()),
            fused=platform.fused,
            capturable=platform.capturable,
        ),
        optimizer_text=f"{optimizer_class(workload.optimizer)}, {platform.optimizer_part}",
    )


def make_predict(module: Any, autocast: Autocast) -> Callable[[Any], Any]:
    """The forward pass: what the compiled variants compile where nothing is trained."""
    if autocast is nullcontext:
        return module  # type: ignore[no-any-return]

    def predict(inputs: torch.Tensor) -> torch.Tensor:
        with autocast():
            logits: torch.Tensor = module(inputs)
        return logits

    return predict


def make_objective(module: Any, autocast: Autocast = nullcontext) -> Objective:
    """Loss and logits of a batch: what the compiled variants compile. Only these run under ``autocast``, as PyTorch's
    recipe has it, and the backward pass is of the types that they chose.

    The logits are handed out so that those which are certified come from the function that is timed. Detached, they
    have no gradient to carry; interleaved with a function that gives the loss alone, no difference was measurable.
    """

    def evaluate(inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        with autocast():
            logits = module(inputs)
            loss = functional.cross_entropy(
                logits.flatten(0, -2), targets.flatten(), reduction="mean", ignore_index=IGNORED, label_smoothing=0.0
            )
        return loss, logits.detach()

    return evaluate


def find_autocast(platform: Platform, precision: Precision) -> Autocast:
    """``torch.autocast`` to bfloat16, which needs no scaling of the loss; nothing in the other precisions."""
    if precision != "bfloat16":
        return nullcontext
    return partial(torch.autocast, platform.device.type, dtype=torch.bfloat16)


class TorchProgram:
    """One model on one device in one variant."""

    def __init__(
        self,
        workload: Workload,
        model: Placed,
        *,
        role: Role,
        platform: Platform,
        compiler: Compiler,
        objective: Objective,
        start_optimizer: StartOptimizer,
        optimizer_text: str,
    ) -> None:
        """``objective`` and ``start_optimizer`` are of the parameters of ``model``."""
        self._workload = workload
        self._platform = platform
        self._compiler = compiler
        self._trains = role == "training"
        self._model = model
        self._start_optimizer = start_optimizer
        self._optimizer_text = optimizer_text
        self.feed(workload.single_input() if role == "inference" else workload.inputs(), workload.targets())
        # A program that never trains compiles and keeps no more than its one pass.
        predict = make_predict(self._model.module, find_autocast(platform, workload.precision))
        self._predict: Callable[..., Any] = predict if self._trains else compiler.prepare(predict)
        self._objective: Objective = compiler.prepare(objective) if self._trains else objective
        self._loss: Any = None
        self._logits: Any = None
        self._was_loaded = False
        self._optimizer_state_seconds: float | None = None
        self.load()

    @property
    def module(self) -> Any:
        """The model, on its device, which of PyTorch's own is a ``torch.nn.Module``."""
        return self._model.module

    @property
    def optimizer(self) -> Stepping:
        """That of the present weights; ``load`` makes another."""
        return self._optimizer

    def feed(self, inputs: Array, targets: NDArray[np.int32]) -> None:
        # Copies from memory that is not pinned are waited for by PyTorch itself.
        self._batch = self._model.place(inputs), self._model.place(targets)

    def load(self) -> None:
        self._model.write({**self._workload.parameters(), **self._workload.state()})
        self.wait()
        start = seconds()
        self._optimizer = self._start_optimizer()
        self.wait()
        if self._trains and not self._was_loaded:
            self._optimizer_state_seconds = seconds() - start
        self._was_loaded = True

    def compile(self) -> dict[str, float]:
        """``optimizer_state_seconds`` where it trains: PyTorch's own optimizers make most of it in the first step,
        where ``torch.compile`` compiles too."""
        optimizer_state_seconds, self._optimizer_state_seconds = self._optimizer_state_seconds, None
        return {} if optimizer_state_seconds is None else {"optimizer_state_seconds": optimizer_state_seconds}

    def step(self) -> None:
        self._optimizer.zero_grad(set_to_none=True)
        self._platform.begin()
        loss = self._objective(*self._batch)[0]
        loss.backward()
        self._optimizer.step()
        self._loss = self._platform.keep(loss)
        self._platform.end()

    def infer(self) -> None:
        self._platform.begin()
        with self._platform.evaluating():
            self._logits = self._predict(self._batch[0])
        self._platform.end()

    def wait(self) -> None:
        self._platform.wait()

    def pending(self) -> bool:
        return self._platform.pending()

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Inside it a recompilation raises, and whatever the platform sees of copies; ``wait`` may be called.

        What was answered stays until the next pass of this program, whatever other programs do meanwhile.
        """
        with self._compiler.steady(), self._platform.steady():
            yield
        if self._logits is not None:
            self._logits = self._platform.keep(self._logits)
            self.wait()

    def loss(self) -> float:
        if self._loss is None:
            raise RuntimeError("there is no loss before the first step; call step() first")
        return float(self._loss)

    def forward(self) -> NDArray[np.float32]:
        if not self._trains:
            if self._logits is None:
                raise RuntimeError("there are no logits before the first pass; call infer() first")
            logits = self._logits
        else:
            # With gradients on, as in a step: without them, variant compile would compile a second function.
            self._platform.begin()
            with self._model.state_kept():
                logits = self._objective(*self._batch)[1]
            self._platform.end()
        # NumPy has no bfloat16.
        values: NDArray[np.float32] = logits.float().cpu().numpy()
        return values

    def loss_and_gradients(self) -> tuple[float, Weights]:
        self._model.forget_gradients()
        self._platform.begin()
        with self._model.state_kept():
            loss = self._objective(*self._batch)[0]
            loss.backward()
        self._platform.end()
        gradients = self._model.read_gradients()
        self._model.forget_gradients()
        return float(loss.detach()), gradients

    def weights(self) -> Weights:
        return self._model.read()

    def trained_count(self) -> int:
        return self._model.trained_count()

    def dispatch(self) -> None:
        """Eager PyTorch dispatches every operation and compiled PyTorch every graph: no single call can be emptied."""

    def reset_peak(self) -> None:
        self._platform.reset_peak()

    def memory(self) -> dict[str, int]:
        return self._platform.memory()

    def counts(self) -> dict[str, int]:
        return self._compiler.counts()

    def profiling(self, folder: Path) -> AbstractContextManager[MarkStep]:
        from speedscore.bench_suite.frameworks.torch.profiling import torch_profile

        if self._platform.name == "tpu":
            raise DeviceUnavailable("torch.profiler does not record a TPU")
        return torch_profile(folder, on_gpu=self._platform.name == "gpu")

    def describe(self) -> Facts:
        facts: Facts = {
            "platform": self._platform.name,
            "device_kind": self._platform.kind,
            "threads": torch.get_num_threads(),
            "variant": self._compiler.variant,
            "compiled": self._compiled_part(),
            **self._platform.describe(),
            **_COMPUTE.get(self._workload.precision, {}),
        }
        if (from_cache := self._compiler.from_cache()) is not None:
            facts["compiled_from_cache"] = from_cache
        if self._compiler.tuning:
            facts["compile_options"] = ", ".join(self._compiler.tuning)
        if self._trains:
            facts["optimizer"] = self._optimizer_text
        return facts | self._model.describe()

    def _compiled_part(self) -> str:
        if self._compiler.eager:
            return self._platform.eager_part
        return "model, loss and backward; not the optimizer" if self._trains else "model"
