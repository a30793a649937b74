"""Which processors this process may use. It reads what the system says and changes nothing."""

from __future__ import annotations

import math
import os
from pathlib import Path

from speedscore.host.control_groups import quota_processors

BFLOAT16_FLAGS = ("avx512_bf16", "amx_bf16", "bf16")
"""As Linux calls the instructions that multiply bfloat16: on x86, with tiles on x86, on Arm."""


def has_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether this processor has such instructions; False where the system does not tell."""
    return bool(processor_flags(cpuinfo) & set(BFLOAT16_FLAGS))


def processor_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """What Linux says that the first processor can do; empty where it does not tell."""
    try:
        lines = cpuinfo.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return frozenset()
    named = (line.partition(":")[2] for line in lines if line.partition(":")[0].strip() in ("flags", "Features"))
    return frozenset(next(named, "").split())


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


def usable_processors() -> tuple[int, ...]:
    """As many of the allowed processors as a quota lets run all the time, and at least one.

    More threads than that would take turns in being stopped: with two threads on a quota of 1.5 processors each waits
    for the other's period to end.
    """
    allowed, quota = allowed_processors(), quota_processors()
    return allowed if quota is None else allowed[: max(1, math.floor(quota))]
