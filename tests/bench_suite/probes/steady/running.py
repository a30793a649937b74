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
from speedscore.host.processors import usable_processors
from tests.bench_suite.probes.steady.planted import HERE

LONG_RUN = "speedscore.bench_suite.probes.steady.long_run"
LIBRARIES = ("jax", "torch", "tensorflow")
STOPPED_SECONDS = 0.05
NEIGHBOURS = 3
"""Processes on the same processor: each step that they share takes four times as long."""

Disturb = Callable[[Tools, ProbeProcess, threading.Event], None]
"""Runs beside the long run until the event is set."""


def long_run(kind: str, *, seconds: float, disturb: Disturb | None = None) -> list[Stall]:
    """The stalls of one run of a planted program, ``seconds`` long."""
    return list(find_stalls(list_steps(run_columns(kind, seconds=seconds, disturb=disturb))))


def run_columns(kind: str, *, seconds: float, disturb: Disturb | None = None) -> dict[str, Any]:
    """What the process tells of each step."""
    tools = Tools(preset="smoke", processors=usable_processors()[-1:], limit_seconds=120.0)
    library = kind.rpartition(" ")[2]
    try:
        process = tools.start()
        process.call(f"{HERE}:build", kind=kind)
        process.call(f"{LONG_RUN}:warm")
        process.call(f"{HERE}:arm")
        with _beside(tools, process, disturb):
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
def _beside(tools: Tools, process: ProbeProcess, disturb: Disturb | None) -> Iterator[None]:
    if disturb is None:
        yield
        return
    ended = threading.Event()
    thread = threading.Thread(target=disturb, args=(tools, process, ended))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def stop_now_and_then(tools: Tools, process: ProbeProcess, ended: threading.Event) -> None:
    """Stop the process by a signal, twice a second, for ``STOPPED_SECONDS``."""
    del tools
    while not ended.wait(0.5):
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(STOPPED_SECONDS)
        os.kill(process.pid, signal.SIGCONT)


def crowd_now_and_then(tools: Tools, process: ProbeProcess, ended: threading.Event) -> None:
    """Keep its processor busy with others, every second for a tenth of it."""
    del process
    neighbours = [tools.start() for _ in range(NEIGHBOURS)]
    while not ended.wait(0.9):
        burning = [
            threading.Thread(target=each.call, args=(f"{HERE}:burn",), kwargs={"seconds": 0.1}) for each in neighbours
        ]
        for thread in burning:
            thread.start()
        for thread in burning:
            thread.join()
