"""How much of our processors others have used: what the system counts as busy, less the time of our own processes.

Both are counters that only grow, so that the difference of two readings is the load of the time between them, however
long it was; nothing is sampled. Time that a hypervisor gave to others (steal) is theirs too. It decides nothing.
"""

from __future__ import annotations

import os

import psutil


def others_processor_seconds() -> float | None:
    """Processor seconds, since some moment in the past, that others used of the processors this process may run on.

    Ours is this process with all that it started and that is alive, or that was waited for. None where the system does
    not tell. Only differences of two readings mean anything; one over a short time may be below 0, for the system
    counts the two by different clocks.
    """
    if not hasattr(os, "sched_getaffinity"):
        return None
    allowed = os.sched_getaffinity(0)
    busy = [_busy_seconds(times) for number, times in enumerate(psutil.cpu_times(percpu=True)) if number in allowed]
    if len(busy) != len(allowed):
        return None
    return sum(busy) - _own_seconds()


def _busy_seconds(times: object) -> float:
    """All that is neither idle nor waiting (man 5 proc: user time holds that of guests)."""
    return sum(getattr(times, field, 0.0) for field in ("user", "nice", "system", "irq", "softirq", "steal"))


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
