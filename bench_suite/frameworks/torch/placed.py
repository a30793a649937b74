"""A model on its device: the module in its memory format, the batch in its layout, weights in canonical terms.

It never runs the module, and knows neither optimizer nor variant.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import torch

from speedscore.bench_suite.frameworks.torch.layout import TorchModel, read, write
from speedscore.bench_suite.frameworks.torch.memory_layout import Layout
from speedscore.bench_suite.frameworks.torch.platforms import Facts, Platform
from speedscore.bench_suite.workloads.workload import Array, Weights


class Placed(Protocol):
    """A model on its device, as ``TorchProgram`` knows it."""

    @property
    def module(self) -> Any:
        """Called with inputs of a batch, in the mode of the program's role; gives logits."""
        ...

    def place(self, values: Array) -> torch.Tensor:
        """A part of the batch on the device."""
        ...

    def write(self, values: Weights) -> None:
        """Copy canonical parameters and state into the model, and forget its gradients."""
        ...

    def read(self) -> Weights:
        """Parameters and state under canonical names and layouts."""
        ...

    def read_gradients(self) -> Weights:
        """The gradients that there are, under canonical names and layouts."""
        ...

    def forget_gradients(self) -> None: ...
    def trained_count(self) -> int: ...

    def state_kept(self) -> AbstractContextManager[None]:
        """Puts the running statistics back, which every pass in training mode moves."""
        ...

    def describe(self) -> Facts:
        """What a program's description says of the model."""
        ...


class PlacedModel:
    """Answers ``Placed`` for a ``TorchModel``."""

    def __init__(self, model: TorchModel, platform: Platform, *, trains: bool, layout: Layout | None) -> None:
        """``layout`` is that of images, None where there is none to choose.

        Raises RuntimeError when a tensor turns out to lie on another device.
        """
        self._model = model
        self._device = platform.device
        self._layout = layout
        self.module: Any = model.module.to(platform.device)
        if layout is not None and layout.channels_last:
            self.module = self.module.to(memory_format=torch.channels_last)
        self.module.train(trains)
        self._parameters: dict[str, Any] = dict(self.module.named_parameters())
        self._buffers: dict[str, Any] = dict(self.module.named_buffers())
        for name, tensor in {**self._parameters, **self._buffers}.items():
            if tensor.device.type != self._device.type:
                raise RuntimeError(f"{name} was asked to be on {self._device.type!r}, but is on {tensor.device.type!r}")

    def place(self, values: Array) -> torch.Tensor:
        """A part of the batch on the device: integers as int64, images as NCHW tensors in the layout of the module."""
        tensor = torch.from_numpy(values)
        if tensor.dtype == torch.int32:
            tensor = tensor.long()
        if self._model.trial is not None:
            # They come as NHWC, which is channels_last.
            tensor = tensor.permute(0, 3, 1, 2) if tensor.ndim == 4 else tensor
            tensor = tensor if self._layout is not None and self._layout.channels_last else tensor.contiguous()
        return tensor.to(self._device)

    def write(self, values: Weights) -> None:
        """Copy canonical parameters and state into the module, and forget its gradients."""
        self.forget_gradients()
        write(self._model.places, {**self._parameters, **self._buffers}, values)

    def read(self) -> Weights:
        """Parameters and state under canonical names and layouts."""
        return read(self._model.places, {**self._parameters, **self._buffers})

    def read_gradients(self) -> Weights:
        """The gradients that there are, under canonical names and layouts."""
        gradients = {name: tensor.grad for name, tensor in self._parameters.items() if tensor.grad is not None}
        return read(self._model.places, gradients)

    def forget_gradients(self) -> None:
        self.module.zero_grad(set_to_none=True)

    def trained_count(self) -> int:
        return sum(tensor.numel() for tensor in self._parameters.values() if tensor.requires_grad)

    @contextmanager
    def state_kept(self) -> Iterator[None]:
        """Puts the running statistics back, which every pass in training mode moves."""
        kept = {name: buffer.clone() for name, buffer in self._buffers.items()}
        try:
            yield
        finally:
            for name, buffer in self._buffers.items():
                buffer.copy_(kept[name])

    def describe(self) -> Facts:
        """``layout`` with the reason for it, and ``attention``, where there is something to say of them."""
        facts: Facts = {}
        if self._layout is not None:
            facts |= {"layout": self._layout.name, "layout_chosen": self._layout.reason}
        if self._model.attention:
            facts["attention"] = self._model.attention
        return facts
