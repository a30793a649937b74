"""What others did to a round: seconds in which its thread wanted the processor and did not get it.

A change under test must not be able to cause what is taken out of a round, or a slowdown could hide behind it. So only
what the kernel says of a thread that worked alone counts: where the thread never slept, all that its wall time has
beyond its processor time (others on its processor, or the hypervisor: steal); where it slept by itself, only what it
waited for a processor while it was ready to run (Linux, Documentation/scheduler/sched-stats.rst). Where other threads
or child processes of the program were at work, they may be who it waited for, and nothing is taken out. It times
nothing itself and decides nothing.
"""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import NamedTuple

from speedscore_gate_clocks import Clock

ALONE = 0.02
"""Share of a round's processor time that other threads of the process may have and still count as idle."""
SAME_CLOCK = 0.01
"""A timer within this share of the wall clock counts wall time."""


class RoundTimes(NamedTuple):
    """One round, of all its iterations together."""

    seconds: float
    """By the fixture's own timer."""
    cpu_seconds: float
    """Of all threads of the process."""
    preempted_seconds: float
    """Part of ``seconds`` in which others had the processor; 0 where that cannot be told."""
    involuntary_switches: int | None
    """How often any thread of the process lost its processor to another; None where child processes do the work."""

    def per_iteration(self, iterations: int) -> RoundTimes:
        return RoundTimes(
            self.seconds / iterations,
            self.cpu_seconds / iterations,
            self.preempted_seconds / iterations,
            self.involuntary_switches,
        )


class KernelCounts(NamedTuple):
    """What the kernel has counted so far of this thread and its process."""

    other_threads_seconds: float
    children_seconds: float
    has_children: bool
    sleeps: int
    """Voluntary switches of this thread."""
    delay_seconds: float | None
    """That this thread has been ready to run without running; None where the kernel does not tell."""
    involuntary_switches: int


class Preemption:
    """Made before a round, asked after it, in the same thread."""

    def __init__(self) -> None:
        self._off_processor_before = _off_processor_seconds()
        self._before = _counts()

    def times(self, *, seconds: float, wall_seconds: float, cpu_seconds: float) -> RoundTimes:
        """The round with what was taken from it. ``wall_seconds`` and ``cpu_seconds`` are of the same stretch."""
        before, after = self._before, _counts()
        # The kernel's counts were read a little before and after the round: what was lost there is not the round's.
        off_processor = _off_processor_seconds() - self._off_processor_before
        not_running = max(0.0, wall_seconds - cpu_seconds)
        preempted = preempted_seconds(before, after, cpu_seconds=cpu_seconds, not_running_seconds=not_running)
        if after.sleeps != before.sleeps:
            preempted = max(0.0, preempted - max(0.0, off_processor - not_running))
        has_children = before.has_children or after.has_children
        counts_wall_time = abs(seconds - wall_seconds) <= SAME_CLOCK * wall_seconds
        return RoundTimes(
            seconds,
            cpu_seconds,
            preempted_seconds=preempted if counts_wall_time else 0.0,
            involuntary_switches=None if has_children else after.involuntary_switches - before.involuntary_switches,
        )


def preempted_seconds(
    before: KernelCounts, after: KernelCounts, *, cpu_seconds: float, not_running_seconds: float
) -> float:
    """Seconds of a round in which others had the processor; 0 where the program may have kept itself waiting."""
    if before.has_children or after.has_children or after.children_seconds > before.children_seconds:
        return 0.0
    if after.other_threads_seconds - before.other_threads_seconds > ALONE * cpu_seconds:
        return 0.0
    if after.sleeps == before.sleeps:
        return not_running_seconds
    if before.delay_seconds is None or after.delay_seconds is None:
        return 0.0
    return min(not_running_seconds, after.delay_seconds - before.delay_seconds)


def _off_processor_seconds() -> float:
    """Of some moment on, in which no thread of the process had a processor, as far as one thread alone works."""
    return Clock.wall() - Clock.process()


def _counts() -> KernelCounts:
    thread, process, children = map(
        resource.getrusage, (resource.RUSAGE_THREAD, resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return KernelCounts(
        other_threads_seconds=Clock.process() - Clock.thread(),
        children_seconds=children.ru_utime + children.ru_stime,
        has_children=_has_children(),
        sleeps=thread.ru_nvcsw,
        delay_seconds=_delay_seconds(),
        involuntary_switches=process.ru_nivcsw,
    )


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _delay_seconds() -> float | None:
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return None
