"""Which accelerators this process holds open: benchmarks on one device would be in each other's way.

It asks no driver.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

_DEVICES = ("/dev/nvidia", "/dev/kfd", "/dev/dri/", "/dev/accel", "/dev/vfio/", "/dev/neuron", "/dev/dxg")
"""As the drivers of NVIDIA, AMD, Intel, Google's TPU (two of them), AWS and Windows' subsystem call them."""


def open_accelerators(opened: Path = Path("/proc/self/fd")) -> list[str]:
    """The device files, by name; none where the system does not tell."""
    found = set()
    with contextlib.suppress(OSError):
        for entry in opened.iterdir():
            with contextlib.suppress(OSError):  # closed meanwhile
                target = str(entry.readlink())
                if target.startswith(_DEVICES):
                    found.add(target)
    return sorted(found)
