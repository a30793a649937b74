"""How much of our processors others have used: what the system counts as busy, less the time of our own processes.

Both are counters that only grow, so that the difference of two readings is the load of the time between them, however
long it was; nothing is sampled. Time that a hypervisor gave to others (steal) is theirs too. It decides nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

import psutil

_STAT = Path("/proc/stat")
_BUSY_FIELDS = (1, 2, 3, 6, 7, 8)
"""user, nice, system, irq, softirq, steal: of a processor's line in /proc/stat, its name counted as 0 (man 5 proc).
All that is neither idle nor waiting; user time holds that of guests."""


def others_processor_seconds() -> float | None:
    """Processor seconds, since some moment in the past, that others used of the processors this process may run on.

    Ours is this process with all that it started and that is alive, or that was waited for. None where the system does
    not tell. Only differences of two readings mean anything; one over a short time may be below 0, for the system
    counts the two by different clocks.
    """
    if not hasattr(os, "sched_getaffinity"):
        return None
    busy = _busy_seconds()
    allowed = os.sched_getaffinity(0)
    if not allowed <= busy.keys():
        return None
    return sum(busy[processor] for processor in allowed) - _own_seconds()


def _busy_seconds() -> dict[int, float]:
    """By processor. By its number and not by its place: the file leaves out processors that are offline."""
    try:
        lines = _STAT.read_text().splitlines()
    except OSError:
        return {}
    tick_seconds = 1 / os.sysconf("SC_CLK_TCK")
    busy: dict[int, float] = {}
    for line in lines:
        name, *_ = fields = line.split()
        # The sum of all processors comes before them; after them the file tells of other things.
        if not name.startswith("cpu"):
            break
        if number := name.removeprefix("cpu"):
            busy[int(number)] = tick_seconds * sum(int(fields[place]) for place in _BUSY_FIELDS if place < len(fields))
    return busy


def _own_seconds() -> float:
    own = psutil.Process()
    total = 0.0
    for process in (own, *own.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.Error:  # it has ended meanwhile, and its time is its parent's once it is waited for
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total
