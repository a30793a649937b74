"""Where a JAX program's arrays lie: finding the device, placing arrays on it, and making sure that they are there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import jax

from speedscore.bench_suite.frameworks.jax.driver import Tree
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
    """Copies of NumPy arrays on the device, waited for."""
    # Donated memory is written over, so it must never be NumPy's own.
    return block_until_ready(jax.device_put(tree, device, may_alias=False))


def require_placed(arrays: Iterable[Any], device: Any) -> None:
    """Raises DeviceUnavailable when an array lies on another device."""
    for array in arrays:
        if array.devices() != {device}:
            raise DeviceUnavailable(
                f"expected every array on {device}, found one on {array.devices()}; check JAX_PLATFORMS"
            )
