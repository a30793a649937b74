"""Canonical numbers: every tensor is drawn from its own seed, whatever was drawn before it.

The workloads share it for weights and data. It never knows a model, and never draws from global random state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.workloads.workload import Weights

SEED = 20261101
"""One seed for the whole suite; a tensor's own stream follows from it and the tensor's name."""

PresetWorkload = TypeVar("PresetWorkload")


def generator(name: str) -> np.random.Generator:
    """The random stream of the tensor called ``name``."""
    return np.random.default_rng([SEED, crc32(name.encode())])


def normal(
    name: str, shape: tuple[int, ...], *, mean: float = 0.0, standard_deviation: float = 1.0
) -> NDArray[np.float32]:
    """Independent normal float32 values of the given shape."""
    values = generator(name).standard_normal(shape, dtype=np.float32)
    values *= np.float32(standard_deviation)
    values += np.float32(mean)
    return values


def uniform(name: str, shape: tuple[int, ...], *, low: float, high: float) -> NDArray[np.float32]:
    """Independent float32 values, uniform between ``low`` and ``high``."""
    values = generator(name).random(shape, dtype=np.float32)
    values *= np.float32(high - low)
    values += np.float32(low)
    return values


def integers(name: str, shape: tuple[int, ...], *, below: int) -> NDArray[np.int32]:
    """Independent int32 values, uniform from 0 to ``below`` exclusive."""
    return generator(name).integers(0, below, shape, dtype=np.int32)


def kernel(name: str, shape: tuple[int, ...], *, gain: float) -> NDArray[np.float32]:
    """A weight whose standard deviation is ``gain`` / √fan_in; all axes but the last are summed over."""
    fan_in = int(np.prod(shape[:-1]))
    return normal(name, shape, standard_deviation=gain / fan_in**0.5)


def dense(name: str, inputs: int, outputs: int, *, gain: float, bias: float) -> Weights:
    """``name.kernel`` [inputs, outputs] and ``name.bias`` [outputs], the bias with standard deviation ``bias``."""
    return {
        f"{name}.kernel": kernel(f"{name}.kernel", (inputs, outputs), gain=gain),
        f"{name}.bias": normal(f"{name}.bias", (outputs,), standard_deviation=bias),
    }


def norm(name: str, channels: int, *, scale: float = 1.0, bias: float = 0.0) -> Weights:
    """``name.scale`` and ``name.bias`` [channels]: near ``scale`` and near ``bias``, but neither exactly."""
    return {
        f"{name}.scale": normal(f"{name}.scale", (channels,), mean=scale, standard_deviation=0.1 * scale),
        f"{name}.bias": normal(f"{name}.bias", (channels,), mean=bias, standard_deviation=0.1),
    }


def merge(parts: Iterable[Weights]) -> Weights:
    """One dictionary of all the parts. Raises ValueError when a name comes twice."""
    merged: Weights = {}
    for part in parts:
        if twice := merged.keys() & part.keys():
            raise ValueError(f"canonical names must be unique, but {sorted(twice)} came twice")
        merged.update(part)
    return merged


def pick(presets: Mapping[str, PresetWorkload], model: str, preset: str) -> PresetWorkload:
    """The workload of that preset. Raises ValueError naming those there are."""
    try:
        return presets[preset]
    except KeyError:
        raise ValueError(f"unknown preset {preset!r} of {model}; there are {', '.join(presets)}") from None
