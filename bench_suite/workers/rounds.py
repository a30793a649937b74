"""Rounds, as a worker runs them: the loop that is timed, what comes before it, and nothing in between.

Training, throughput and tasks: n queued steps, passes or calls and one wait. Inference is latency: each call is
waited for. The loops are written out, because a call more inside them would be measured too.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable

from speedscore.bench_suite.frameworks.program import Runnable
from speedscore.bench_suite.workloads.presets import STANDARD_WARM_UP, WarmUp
from speedscore.host.clock import seconds
from speedscore.record.phases import Role

_VERBS: dict[Role, str] = {"training": "step", "inference": "infer", "throughput": "infer", "capability": "call"}


def queueing(program: Runnable, role: Role) -> Callable[[], None]:
    """The verb of the program that queues one step, pass or call of its role."""
    verb: Callable[[], None] = getattr(program, _VERBS[role])
    return verb


def settle(program: Runnable, *, role: Role, steps: int) -> None:
    """Run steps without timing them, and wait."""
    queue = queueing(program, role)
    if role == "inference":
        for _ in itertools.repeat(None, steps):
            queue()
            program.wait()
    else:
        for _ in itertools.repeat(None, steps):
            queue()
        program.wait()


def time_round(program: Runnable, *, role: Role, steps: int) -> float:
    """Seconds that ``steps`` steps take, in the steady state: a trace, compilation or copy inside raises an error."""
    queue, wait = queueing(program, role), program.wait
    with program.steady():
        if role == "inference":
            started = seconds()
            for _ in itertools.repeat(None, steps):
                queue()
                wait()
            ended = seconds()
        else:
            started = seconds()
            for _ in itertools.repeat(None, steps):
                queue()
            wait()
            ended = seconds()
    return ended - started


def warm_up(program: Runnable, *, role: Role, until: WarmUp = STANDARD_WARM_UP) -> float:
    """Run until chunks of steps in a row agree, or the time for it is over; the median seconds of a step then."""
    chunk_steps = 1
    recent: list[float] = []
    began = seconds()
    while True:
        started = seconds()
        settle(program, role=role, steps=chunk_steps)
        chunk_seconds = seconds() - started
        recent = [*recent, chunk_seconds / chunk_steps][-until.chunks :]
        stable = len(recent) == until.chunks and max(recent) <= (1 + until.stable_fraction) * min(recent)
        if (stable and chunk_seconds >= until.chunk_seconds) or seconds() - began > until.limit_seconds:
            return statistics.median(recent)
        if chunk_seconds < until.chunk_seconds:
            chunk_steps *= 2
            recent = []
