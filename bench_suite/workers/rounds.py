"""Rounds, as a worker runs them: the loop that is timed, what comes before it, and nothing in between.

Training and throughput: n queued steps or passes and one wait. Inference is latency: each call is waited for. The
loops are written out, because a call more inside them would be measured too.
"""

from __future__ import annotations

import itertools
import statistics

from speedscore.bench_suite.frameworks.program import Program
from speedscore.host.clock import seconds
from speedscore.record.phases import Role

_WARM_UP_LIMIT_SECONDS = 1.0
_WARM_UP_CHUNK_SECONDS = 0.02
_WARM_UP_CHUNKS = 3
_STABLE_FRACTION = 0.05


def settle(program: Program, *, role: Role, steps: int) -> None:
    """Run steps without timing them, and wait."""
    if role == "inference":
        for _ in itertools.repeat(None, steps):
            program.infer()
            program.wait()
    else:
        queue = program.step if role == "training" else program.infer
        for _ in itertools.repeat(None, steps):
            queue()
        program.wait()


def time_round(program: Program, *, role: Role, steps: int) -> float:
    """Seconds that ``steps`` steps take, in the steady state: a trace, compilation or copy inside raises an error."""
    with program.steady():
        if role == "inference":
            infer, wait = program.infer, program.wait
            started = seconds()
            for _ in itertools.repeat(None, steps):
                infer()
                wait()
            ended = seconds()
        else:
            queue = program.step if role == "training" else program.infer
            started = seconds()
            for _ in itertools.repeat(None, steps):
                queue()
            program.wait()
            ended = seconds()
    return ended - started


def warm_up(program: Program, *, role: Role) -> float:
    """Run until three chunks of steps in a row agree within 5 %, or one second is over; seconds of a step then."""
    chunk_steps = 1
    recent: list[float] = []
    began = seconds()
    while True:
        started = seconds()
        settle(program, role=role, steps=chunk_steps)
        chunk_seconds = seconds() - started
        recent = [*recent, chunk_seconds / chunk_steps][-_WARM_UP_CHUNKS:]
        stable = len(recent) == _WARM_UP_CHUNKS and max(recent) <= (1 + _STABLE_FRACTION) * min(recent)
        if (stable and chunk_seconds >= _WARM_UP_CHUNK_SECONDS) or seconds() - began > _WARM_UP_LIMIT_SECONDS:
            return statistics.median(recent)
        if chunk_seconds < _WARM_UP_CHUNK_SECONDS:
            chunk_steps *= 2
            recent = []
