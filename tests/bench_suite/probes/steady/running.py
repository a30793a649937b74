"""Long runs of planted programs in fresh processes, left alone or disturbed from outside."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from speedscore.bench_suite.probes.process import ProbeProcess
from speedscore.bench_suite.probes.steady.hiccups import compilations_module, list_steps
from speedscore.bench_suite.probes.steady.stalls import Stall, find_stalls
from speedscore.bench_suite.probes.tools import Tools
from speedscore.host import clock
from speedscore.host.processors import usable_processors
from tests.bench_suite.probes.steady.planted import HERE

LONG_RUN = "speedscore.bench_suite.probes.steady.long_run"
LIBRARIES = ("jax", "torch", "tensorflow")
STOPPED_SECONDS = 0.05
NEIGHBOURS = 3
"""Processes on the same processor: each step that they share takes four times as long."""

Disturbances = list[tuple[float, float]]
"""Beginning and end of each, by the clock."""
Disturb = Callable[[Tools, ProbeProcess, threading.Event], Disturbances]
"""Runs beside the long run until the event is set."""


def long_run(kind: str, *, seconds: float) -> tuple[Stall, ...]:
    """The stalls of one run of a planted program, ``seconds`` long."""
    return find_stalls(list_steps(run_columns(kind, seconds=seconds)))


def disturbed_run(*, seconds: float, disturb: Disturb) -> tuple[int, list[Stall]]:
    """Of a clean program: how often it was disturbed, and the stalls that fall into a disturbance."""
    disturbances: Disturbances = []
    ran = run_columns("clean", seconds=seconds, disturb=disturb, disturbances=disturbances)
    stalls = [
        stall
        for stall in find_stalls(list_steps(ran))
        if any(
            began < ran["began_seconds"][stall.number] + stall.seconds and ran["began_seconds"][stall.number] < ended
            for began, ended in disturbances
        )
    ]
    return len(disturbances), stalls


def run_columns(
    kind: str, *, seconds: float, disturb: Disturb | None = None, disturbances: Disturbances | None = None
) -> dict[str, Any]:
    """What the process tells of each step; the disturbances are added to those that are given."""
    tools = Tools(preset="smoke", processors=usable_processors()[-1:], limit_seconds=120.0)
    library = kind.rpartition(" ")[2]
    try:
        process = tools.start()
        process.call(f"{HERE}:build", kind=kind)
        process.call(f"{LONG_RUN}:warm")
        process.call(f"{HERE}:arm")
        with _beside(tools, process, disturb, [] if disturbances is None else disturbances):
            ran: dict[str, Any] = process.call(
                f"{LONG_RUN}:take_long_run",
                verbs=compilations_module(library) if library in LIBRARIES else "",
                fewest_steps=1,
                shortest_seconds=seconds,
                longest_seconds=seconds,
            )
        return ran
    finally:
        tools.close()


@contextlib.contextmanager
def _beside(tools: Tools, process: ProbeProcess, disturb: Disturb | None, disturbances: Disturbances) -> Iterator[None]:
    if disturb is None:
        yield
        return
    ended = threading.Event()
    thread = threading.Thread(target=lambda: disturbances.extend(disturb(tools, process, ended)))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def stop_now_and_then(tools: Tools, process: ProbeProcess, ended: threading.Event) -> Disturbances:
    """Stop the process by a signal, twice a second, for ``STOPPED_SECONDS``."""
    del tools
    disturbances = []
    while not ended.wait(0.5):
        began = clock.seconds()
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(STOPPED_SECONDS)
        os.kill(process.pid, signal.SIGCONT)
        disturbances.append((began, clock.seconds()))
    return disturbances


def crowd_now_and_then(tools: Tools, process: ProbeProcess, ended: threading.Event) -> Disturbances:
    """Keep its processor busy with others, every second for a tenth of it."""
    del process
    disturbances = []
    neighbours = [tools.start() for _ in range(NEIGHBOURS)]
    for each in neighbours:
        each.call(f"{HERE}:burn", seconds=0.0)
    while not ended.wait(0.9):
        began = clock.seconds()
        burning = [
            threading.Thread(target=each.call, args=(f"{HERE}:burn",), kwargs={"seconds": 0.1}) for each in neighbours
        ]
        for thread in burning:
            thread.start()
        for thread in burning:
            thread.join()
        disturbances.append((began, clock.seconds()))
    return disturbances
