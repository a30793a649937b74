"""How Keras' users write a training loop in PyTorch: ``loss.backward`` and, without gradients, ``optimizer.apply``.

The model and the optimizer are given to the same ``TorchProgram`` as PyTorch's own, which runs the step. Way
``compile`` hands model and loss to ``torch.compile`` as one function, as variant ``compile`` of PyTorch does.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import keras
import torch

from speedscore.bench_suite.frameworks.keras.layout import KerasModel, to_canonical, to_own
from speedscore.bench_suite.frameworks.keras.loss import make_loss
from speedscore.bench_suite.frameworks.keras.optimizer import make_optimizer
from speedscore.bench_suite.frameworks.torch.compiling import Compiler
from speedscore.bench_suite.frameworks.torch.platforms import Facts, Platform, find_platform
from speedscore.bench_suite.frameworks.torch.program import Objective, TorchProgram
from speedscore.bench_suite.workloads.workload import AdamW, Array, Sgd, Weights, Workload
from speedscore.record.phases import DeviceName, Role


def build(
    workload: Workload, *, implementation: str, role: Role, device: DeviceName, threads: int, way: str
) -> TorchProgram:
    """As ``speedscore.bench_suite.frameworks.program.Builder``; float32 at the highest precision, no TF32."""
    platform = find_platform(device, graphs=False)
    torch.set_num_threads(threads)
    model = KerasOnDevice(importlib.import_module(implementation).make(workload), platform, trains=role == "training")
    return TorchProgram(
        workload,
        model,
        role=role,
        platform=platform,
        compiler=Compiler(way or "eager", platform.compile_options),
        objective=_make_objective(workload, model.module),
        start_optimizer=partial(KerasOptimizer, workload.optimizer, model.variables),
        optimizer_text=make_optimizer(workload.optimizer)[1],
    )


def _make_objective(workload: Workload, module: Any) -> Objective:
    mean_loss = make_loss(workload)

    def evaluate(inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits = module(inputs)
        return mean_loss(logits, targets), logits.detach()

    return evaluate


class KerasOptimizer:
    """A fresh Keras optimizer with the verbs of PyTorch's."""

    def __init__(self, options: Sgd | AdamW, variables: list[Any]) -> None:
        self._variables = variables
        self._optimizer, _ = make_optimizer(options, add_decay=add_decay_foreach)
        self._optimizer.build(variables)

    def zero_grad(self, *, set_to_none: bool) -> None:
        del set_to_none
        for variable in self._variables:
            variable.value.grad = None

    def step(self) -> None:
        gradients = [variable.value.grad for variable in self._variables]
        with torch.no_grad():
            self._optimizer.apply(gradients, self._variables)


def add_decay_foreach(gradients: Sequence[Any], values: Sequence[Any], decay: float) -> list[Any]:
    """By one foreach call, as Keras' own optimizers on PyTorch are written."""
    return list(torch._foreach_add(list(gradients), list(values), alpha=decay))


class KerasOnDevice:
    """Answers ``speedscore.bench_suite.frameworks.torch.placed.Placed``.

    Keras puts its variables on the device that ``KERAS_TORCH_DEVICE`` names.
    """

    def __init__(self, model: KerasModel, platform: Platform, *, trains: bool) -> None:
        """Raises RuntimeError when a variable turns out to lie on another device."""
        self._model = model
        self._device = platform.device
        self.module = partial(model.module, training=trains)
        self.variables = model.module.trainable_variables
        for name, tensor in self._tensors().items():
            if tensor.device.type != self._device.type:
                raise RuntimeError(f"{name} was asked to be on {self._device.type!r}, but is on {tensor.device.type!r}")

    def _tensors(self) -> dict[str, torch.Tensor]:
        return {name: variable.value for name, variable in {**self._model.parameters, **self._model.state}.items()}

    def place(self, values: Array) -> torch.Tensor:
        """A part of the batch on the device: integers as int64, images in the layout that ``keras.config`` has."""
        tensor = torch.from_numpy(values)
        if tensor.dtype == torch.int32:
            tensor = tensor.long()
        if tensor.ndim == 4 and keras.config.image_data_format() == "channels_first":
            tensor = tensor.permute(0, 3, 1, 2).contiguous()
        return tensor.to(self._device)

    def write(self, values: Weights) -> None:
        self.forget_gradients()
        own = to_own(values)
        with torch.no_grad():
            for name, tensor in self._tensors().items():
                tensor.copy_(torch.from_numpy(own[name]))

    def read(self) -> Weights:
        return _to_host(self._tensors())

    def read_gradients(self) -> Weights:
        gradients = {name: variable.value.grad for name, variable in self._model.parameters.items()}
        return _to_host({name: gradient for name, gradient in gradients.items() if gradient is not None})

    def forget_gradients(self) -> None:
        for variable in self.variables:
            variable.value.grad = None

    def trained_count(self) -> int:
        return sum(variable.value.numel() for variable in self.variables)

    @contextmanager
    def state_kept(self) -> Iterator[None]:
        kept = [variable.value.clone() for variable in self._model.state.values()]
        try:
            yield
        finally:
            with torch.no_grad():
                for variable, value in zip(self._model.state.values(), kept, strict=True):
                    variable.value.copy_(value)

    def describe(self) -> Facts:
        return {"keras": keras.__version__, **self._model.description}


def _to_host(tensors: Mapping[str, torch.Tensor]) -> Weights:
    # Copies: on the host a tensor and its array would share memory.
    return to_canonical({name: tensor.detach().cpu().numpy().copy() for name, tensor in tensors.items()})
