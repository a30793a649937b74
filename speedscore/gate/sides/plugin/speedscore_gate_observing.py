"""Where the time of a benchmark goes: rounds under a sampling profiler, and under that of PyTorch where it is loaded.

It runs only in a pair of processes of its own, after the verdict: none of its rounds is timed for one. It never imports
a framework.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import threading
from collections.abc import Callable, Mapping
from types import CodeType, FrameType
from typing import Any

from speedscore_gate_clocks import Clock

INTERVAL_SECONDS = 0.001
SWITCH_SECONDS = 0.0002
"""How long the sampled thread keeps the interpreter when the sampler asks for it."""
MOST_FRAMES = 100
MOST_STACKS = 400
OPERATOR_SECONDS = 0.3
MOST_OPERATORS = 200

Stack = tuple[CodeType, ...]


_PR_SET_PTRACER, _ANY = 0x59616D61, -1
"""Of prctl (man 2): which process may read this one, where the system lets only its parents."""


def let_be_looked_into() -> None:
    """Let a profiler that the gate has started read this process, in the pair that is made for that."""
    if os.environ.pop("SPEEDSCORE_GATE_LOOKED_INTO", ""):
        import ctypes  # nobody else needs it

        # Refused by a kernel without the security module Yama, which needs no leave either.
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(_ANY), 0, 0, 0)


class Sampler:
    """Looks once a millisecond which functions the present thread is in, below those of ``outermost``.

    A sample counts for the time since the one before: what holds the interpreter for long, as a sort in C, delays the
    sampler, which then finds the thread in the function that called it. Signals and tracing of the kernel are not
    needed, so it works wherever Python does; a program that spends its time between two samples in a pattern of the
    same pace would be misread, so the pace is drawn.
    """

    def __init__(self, outermost: CodeType) -> None:
        self.seconds_in: dict[Stack, float] = {}
        self._outermost = outermost
        self._thread_id = threading.get_ident()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="speedscore sampler", daemon=True)
        self._switch_seconds = sys.getswitchinterval()

    def __enter__(self) -> Sampler:
        sys.setswitchinterval(SWITCH_SECONDS)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._is_over.set()
        self._thread.join()
        sys.setswitchinterval(self._switch_seconds)

    def _look(self) -> None:
        before = Clock.wall()
        while not self._is_over.wait(INTERVAL_SECONDS * random.uniform(0.5, 1.5)):
            stack = self._stack(sys._current_frames().get(self._thread_id))
            now = Clock.wall()
            if stack:
                self.seconds_in[stack] = self.seconds_in.get(stack, 0.0) + now - before
            before = now

    def _stack(self, frame: FrameType | None) -> Stack:
        """From the outermost function that the benchmark called; empty where it calls none now."""
        codes: list[CodeType] = []
        while frame is not None and frame.f_code is not self._outermost:
            codes.append(frame.f_code)
            frame = frame.f_back
        return tuple(reversed(codes[:MOST_FRAMES])) if frame is not None else ()


class ObservedRounds:
    """How many rounds may still be run, and how long they take."""

    def __init__(self, time_round: Callable[[], float], *, iterations: int, most_rounds: int) -> None:
        """``time_round`` returns the seconds of one iteration."""
        self._time_round = time_round
        self._iterations = iterations
        self._left = most_rounds

    def run(self, seconds: float, *, most_rounds: int | None = None) -> tuple[int, float]:
        """At least one, for about so many seconds: the calls of the benchmark, and the seconds of all of them."""
        most = self._left if most_rounds is None else min(most_rounds, self._left)
        end = Clock.wall() + seconds
        rounds, spent = 0, 0.0
        while rounds < most and (not rounds or Clock.wall() < end):
            spent += self._time_round() * self._iterations
            rounds += 1
        self._left -= rounds
        return rounds * self._iterations, spent


def observe(
    rounds: ObservedRounds, outermost: CodeType, *, most_rounds: int, seconds: float, sampled: bool
) -> dict[str, Any]:
    """Rounds for about so many seconds; what there is to tell of them.

    ``outermost`` is the function below which the benchmark begins. ``sampled`` is false where another process takes the
    samples.
    """
    operators, failed = _operators(rounds, most_rounds=most_rounds // 2)
    sampler = Sampler(outermost)
    with sampler if sampled else contextlib.nullcontext():
        calls, spent = rounds.run(seconds)
    return {
        "calls": calls,
        "seconds": spent,
        **_told(sampler.seconds_in),
        "operators": operators,
        "failed": failed,
    }


def _told(seconds_in: Mapping[Stack, float]) -> dict[str, Any]:
    """The heaviest stacks, and the functions that they are of."""
    heaviest = sorted(seconds_in.items(), key=lambda each: -each[1])[:MOST_STACKS]
    codes = list(dict.fromkeys(code for stack, _ in heaviest for code in stack))
    place = {code: index for index, code in enumerate(codes)}
    return {
        "functions": [_function(code) for code in codes],
        "stacks": [([place[code] for code in stack], seconds) for stack, seconds in heaviest],
    }


def _function(code: CodeType) -> dict[str, Any]:
    return {"name": code.co_qualname, "file": code.co_filename, "line": code.co_firstlineno}


def _operators(rounds: ObservedRounds, *, most_rounds: int) -> tuple[dict[str, tuple[float, float]], str]:
    """By operator of PyTorch how often a call of the benchmark runs it and how long, itself alone; why not, if so."""
    profiling = sys.modules.get("torch.profiler")
    if profiling is None or not most_rounds:
        return {}, ""
    try:
        activities = [profiling.ProfilerActivity.CPU]
        if sys.modules["torch"].cuda.is_available():
            activities.append(profiling.ProfilerActivity.CUDA)
        with profiling.profile(activities=activities) as profile:
            calls, _ = rounds.run(OPERATOR_SECONDS, most_rounds=most_rounds)
        averages = sorted(profile.key_averages(), key=lambda each: -_microseconds(each))[:MOST_OPERATORS]
    except Exception as error:  # noqa: BLE001 - a profiler that does not work costs a reason and no verdict
        return {}, f"torch.profiler: {type(error).__name__}: {error}"
    return {str(each.key): (each.count / calls, _microseconds(each) / 1e6 / calls) for each in averages}, ""


def _microseconds(event: Any) -> float:
    """Of the operator itself, on the processor and on a device."""
    return float(event.self_cpu_time_total) + float(getattr(event, "self_device_time_total", 0.0))
