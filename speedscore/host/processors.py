"""Which processors this process may use. It reads what the system says and changes nothing."""

from __future__ import annotations

import os
from pathlib import Path


def allowed_processors() -> tuple[int, ...]:
    """The processors that this process may run on, in order, one of each physical core.

    Two threads of one core share its arithmetic units; a framework that asked for both would only trip over itself.
    """
    if not hasattr(os, "sched_getaffinity"):
        return tuple(range(os.cpu_count() or 1))
    by_core: dict[str, int] = {}
    for processor in sorted(os.sched_getaffinity(0)):
        by_core.setdefault(_core_of(processor), processor)
    return tuple(by_core.values())


def _core_of(processor: int) -> str:
    """A name that the threads of one physical core share; its own number where the system does not tell."""
    siblings = Path(f"/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list")
    try:
        return siblings.read_text().strip()
    except OSError:
        return str(processor)


def quota_processors(root: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")) -> float | None:
    """How many processors' worth of time this process may use, by the tightest ``cpu.max`` of its control groups.

    None where nothing limits it or nothing can be read. Only version 2 of control groups is read: ``quota period`` in
    microseconds, or ``max`` (Linux, Documentation/admin-guide/cgroup-v2.rst).
    """
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return None
    group = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), None)
    if group is None:
        return None
    limits = [limit for folder in (root / group, *(root / group).parents) if (limit := _limit_of(folder / "cpu.max"))]
    return min(limits, default=None)


def _limit_of(path: Path) -> float | None:
    try:
        quota, _, period = path.read_text().partition(" ")
        return float(quota) / float(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None
