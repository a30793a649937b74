"""Resident memory of the process that asks, as Linux counts it: peaks by the kernel's own high-water mark.

Processes that it starts are not in it: neither what their memory holds nor its peak, such as that of the C++ compiler
that PyTorch's Inductor runs for a CPU. XLA compiles in the process itself, and its compiler is counted: what it has
loaded, allocated and not freed stays resident while the program steps, and nothing here tells the two apart.
A sampler would miss short peaks, and memory at the end is no peak. Where the kernel does not offer a figure the answer
is None, never an estimate.
"""

from __future__ import annotations

import ctypes
import gc
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"
"""Resets VmHWM to the present resident size (Linux 4.0 and newer, man 5 proc)."""


def peak_rss_bytes() -> int | None:
    """Largest resident size since the process began or since ``reset_peak``."""
    return _status_bytes("VmHWM")


def rss_bytes() -> int | None:
    """Present resident size."""
    return _status_bytes("VmRSS")


def reset_peak() -> bool:
    """Give freed memory back to the system and forget the peak so far. False where the kernel does not allow it."""
    gc.collect()
    try:
        # What the compiler used and freed would otherwise stay resident and count as the program's; what it keeps, and
        # what lies freed between what it keeps, does so all the same.
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError):
        return False
    try:
        _CLEAR_REFS.write_text(_RESET_PEAK)
    except OSError:
        return False
    return True


def _status_bytes(field: str) -> int | None:
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) * 1024
    return None
