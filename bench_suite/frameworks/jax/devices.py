"""Where a JAX program's arrays lie: finding the device, placing arrays on it, and making sure that they are there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import jax
import numpy as np
from numpy.typing import NDArray

from speedscore.bench_suite.frameworks.jax.driver import Carry, Driver, Tree
from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.record.phases import DeviceName

# Without annotations in one release of JAX or another.
block_until_ready: Any = jax.block_until_ready


def find_device(name: DeviceName) -> Any:
    """The first device of that platform.

    Raises DeviceUnavailable, which names the version of JAX and the platforms that it found.
    """
    try:
        return jax.devices(name)[0]
    except RuntimeError as error:
        platforms = ", ".join(sorted({device.platform for device in jax.devices()}))
        raise DeviceUnavailable(
            f"JAX {jax.__version__} was asked for a {name} and found {platforms} only; install the jaxlib plugin for "
            f"that device and check its driver ({str(error).splitlines()[0]})"
        ) from error


def place(tree: Tree, device: Any) -> Tree:
    """Copies of NumPy arrays on the device, or where one sharding or a tree of them says, waited for."""
    # Donated memory is written over, so it must never be NumPy's own.
    return block_until_ready(jax.device_put(tree, device, may_alias=False))


def require_placed(arrays: Iterable[Any], device: Any) -> None:
    """Raises DeviceUnavailable when an array lies on another device."""
    for array in arrays:
        if array.devices() != {device}:
            raise DeviceUnavailable(
                f"expected every array on {device}, found one on {array.devices()}; check JAX_PLATFORMS"
            )


class Placement(Protocol):
    """Where the arrays of a program lie."""

    @property
    def device(self) -> Any:
        """The device, or the first of several."""
        ...

    def put_weights(self, trees: tuple[Tree, Tree], driver: Driver) -> tuple[Tree, Tree]:
        """Copies of the driver's trees of parameters and state, NumPy's until then."""
        ...

    def start(self, driver: Driver, trees: tuple[Tree, Tree], *, trains: bool) -> Carry:
        """What the first step takes, from what ``put_weights`` gave."""
        ...

    def put_batch(self, batch: tuple[Any, ...]) -> Any:
        """Copies of NumPy arrays whose first axis is the batch's."""
        ...

    def require(self, arrays: Iterable[Any]) -> None:
        """Raises DeviceUnavailable when an array lies elsewhere."""
        ...

    def read(self, array: Any) -> NDArray[Any]:
        """A copy of the whole array on the host."""
        ...


class OneDevice:
    """Answers ``Placement``: everything on one device."""

    def __init__(self, device: Any) -> None:
        self.device = device

    def put_weights(self, trees: tuple[Tree, Tree], driver: Driver) -> tuple[Tree, Tree]:
        del driver
        params, state = place(trees, self.device)
        return params, state

    def start(self, driver: Driver, trees: tuple[Tree, Tree], *, trains: bool) -> Carry:
        return driver.start(*trees, trains=trains)

    def put_batch(self, batch: tuple[Any, ...]) -> Any:
        return place(batch, self.device)

    def require(self, arrays: Iterable[Any]) -> None:
        require_placed(arrays, self.device)

    def read(self, array: Any) -> NDArray[Any]:
        return np.array(array)
