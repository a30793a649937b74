"""What the system kept from this process, in counters that only grow: the run queue, stops, steal time, throttling.

Two readings around a piece of work say how much of its time the process could have run and was not let. Linux counts
most of it by the nanosecond (Documentation/scheduler/sched-stats.rst), steal time by the hundredth of a second. It
decides nothing. Unknown counters read 0: nothing is blamed on the host.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import time
from pathlib import Path
from typing import Any, NamedTuple

from speedscore.host.control_groups import throttling

_TASKS = Path("/proc/self/task")
_STAT = Path("/proc/stat")
_STEAL_FIELD = 8
"""Of a processor's line in /proc/stat, its name counted as 0 (man 5 proc)."""
_MOST_BYTES = 1 << 20


class Reading(NamedTuple):
    """Since some moment in the past, or between two readings."""

    processor_seconds: float = 0.0
    """That all threads of this process computed."""
    queued_seconds: float = 0.0
    """That its threads were ready to run while their processor ran something else, all threads added up."""
    throttled_seconds: float = 0.0
    """That a quota of its control group stopped it."""
    steal_seconds: float = 0.0
    """That a hypervisor took from the processors that this process may run on."""
    stops: int = 0
    """How often it was stopped by a signal and continued."""
    involuntary_switches: int = 0
    """How often a thread had to make way."""
    major_faults: int = 0
    """How often a page had to be read from storage."""

    def since(self, earlier: Reading) -> Reading:
        """What came to it after ``earlier``."""
        return Reading(*(now - before for now, before in zip(self, earlier, strict=True)))  # type: ignore[arg-type]

    def withheld_seconds(self, wall_seconds: float) -> float:
        """Of ``wall_seconds`` those in which the process was not let run, at most; for a process on one processor.

        Threads also queue for each other, so their queueing counts only as far as none of them was running; of a
        process that a signal stopped all that time counts, for who is stopped queues for nothing. Steal time is left
        out: some kernels count it as computing, and it is too coarse to be taken away from anything.
        """
        idle_seconds = max(0.0, wall_seconds - self.processor_seconds)
        return idle_seconds if self.stops else min(idle_seconds, self.queued_seconds + self.throttled_seconds)


class SchedulingCounters:
    """Of this process and the threads that it has when this is made. Made in the main thread, closed after use."""

    def __init__(self) -> None:
        self._threads = [descriptor for task in _tasks() if (descriptor := _open(task / "schedstat")) is not None]
        self._stat = _open(_STAT)
        self._processors = [f"cpu{number}".encode() for number in _allowed()]
        self._tick_seconds = 1 / os.sysconf("SC_CLK_TCK")
        self._has_quota = throttling() is not None
        self._stops = 0
        self._handler_before: Any = signal.signal(signal.SIGCONT, self._continued)
        # A system call that was under way goes on, as it does without a handler.
        signal.siginterrupt(signal.SIGCONT, False)

    def read(self) -> Reading:
        """All counters now. It takes some microseconds a thread."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        quota = throttling() if self._has_quota else None
        return Reading(
            time.process_time(),
            sum(map(_queued_seconds, self._threads)),
            0.0 if quota is None else quota.throttled_seconds,
            self._steal_seconds(),
            self._stops,
            used.ru_nivcsw,
            used.ru_majflt,
        )

    def close(self) -> None:
        signal.signal(signal.SIGCONT, self._handler_before)
        for descriptor in (*self._threads, *(() if self._stat is None else (self._stat,))):
            os.close(descriptor)

    def _continued(self, *_: object) -> None:
        self._stops += 1

    def _steal_seconds(self) -> float:
        if self._stat is None:
            return 0.0
        ticks = 0
        for line in os.pread(self._stat, _MOST_BYTES, 0).splitlines():
            if not line.startswith(b"cpu"):
                break
            fields = line.split()
            if fields[0] in self._processors and len(fields) > _STEAL_FIELD:
                ticks += int(fields[_STEAL_FIELD])
        return ticks * self._tick_seconds


def _tasks() -> list[Path]:
    return list(_TASKS.iterdir()) if _TASKS.is_dir() else []


def _allowed() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def _open(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


def _queued_seconds(descriptor: int) -> float:
    """The second number of a thread's schedstat, in nanoseconds; 0 once the thread has ended."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        return int(os.pread(descriptor, 128, 0).split()[1]) / 1e9
    return 0.0
