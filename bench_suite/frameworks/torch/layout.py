"""Where a canonical tensor lies in a PyTorch module, and the copies between the two.

A model's file lists the places; nothing here knows a model. It never changes what a module computes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from speedscore.bench_suite.workloads.workload import Weights


class Place(msgspec.Struct, frozen=True):
    """The part of one of the module's tensors that a canonical tensor fills."""

    tensor: str
    """Name in ``named_parameters`` or ``named_buffers``."""
    axes: tuple[int, ...]
    """The canonical axes in the order in which PyTorch stores them."""
    first_row: int = 0
    rows: int | None = None
    """Rows of the first PyTorch axis, where several canonical tensors share one; None takes all."""

    def part_of(self, tensor: torch.Tensor) -> torch.Tensor:
        """A view of the place in its tensor."""
        return tensor if self.rows is None else tensor[self.first_row : self.first_row + self.rows]


class TorchModel(msgspec.Struct, frozen=True):
    """A module and how to speak to it in canonical terms."""

    module: Any
    """A ``torch.nn.Module``."""
    places: dict[str, Place]
    """By canonical name, parameters and state."""
    trial: dict[str, int] | None = None
    """Of a model of images: the arguments of ``make_trial`` of its module, which makes a shorter network of the same
    layers, by which the memory layout of the images is chosen."""
    attention: str = ""
    """The call that computes attention; empty for a model without it."""


def vector(tensor: str) -> Place:
    """A tensor of one axis, as it is."""
    return Place(tensor, (0,))


def dense(canonical: str, module: str) -> dict[str, Place]:
    """Kernel [in, out] and bias of a ``torch.nn.Linear``, which keeps [out, in]."""
    return {f"{canonical}.kernel": Place(f"{module}.weight", (1, 0)), f"{canonical}.bias": vector(f"{module}.bias")}


def norm(canonical: str, module: str) -> dict[str, Place]:
    """Scale and bias of a normalisation."""
    return {f"{canonical}.scale": vector(f"{module}.weight"), f"{canonical}.bias": vector(f"{module}.bias")}


def write(places: Mapping[str, Place], tensors: Mapping[str, torch.Tensor], values: Weights) -> None:
    """Copy canonical values into the module's tensors, in place."""
    with torch.no_grad():
        for name, place in places.items():
            stored = np.ascontiguousarray(values[name].transpose(place.axes))
            place.part_of(tensors[place.tensor]).copy_(torch.from_numpy(stored))


def read(places: Mapping[str, Place], tensors: Mapping[str, torch.Tensor]) -> Weights:
    """The canonical values of all the places whose tensor is among ``tensors``, copied to the host."""
    return {
        name: _to_canonical(place.part_of(tensors[place.tensor]), place)
        for name, place in places.items()
        if place.tensor in tensors
    }


def _to_canonical(part: torch.Tensor, place: Place) -> NDArray[np.float32]:
    stored: Any = part.detach().cpu().numpy()
    values: NDArray[np.float32] = np.ascontiguousarray(stored.transpose(np.argsort(place.axes))).copy()
    return values
