"""A long steady run in the framework's process: every step waited for, timed, and set beside the counters around it.

The counters are read between the steps, off the clock. It judges nothing.
"""

from __future__ import annotations

import gc
import importlib
import time
from array import array
from collections.abc import Mapping
from typing import Any, cast

from speedscore.bench_suite.frameworks.compilations import CompilationWatch, CompilationWatching
from speedscore.bench_suite.workers.rounds import warm_up
from speedscore.host.clock import seconds
from speedscore.host.scheduling import SchedulingCounters

COLUMNS = {
    "began_seconds": "d",
    "seconds": "d",
    "withheld_seconds": "d",
    "collection_seconds": "d",
    "compile_seconds": "d",
    "compilations": "q",
    "queued_seconds": "d",
    "steal_seconds": "d",
    "throttled_seconds": "d",
    "stops": "q",
    "involuntary_switches": "q",
    "major_faults": "q",
    "collections": "q",
}
"""Of what is told of each step, with the type of its array. It began at that moment of the clock."""


class CollectorWatch:
    """Processor seconds of Python's garbage collector in the thread that made it, and how often it ran.

    Processor time, because a short collection that has to make way for others would otherwise answer for their time.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.count = 0
        self._began_seconds = 0.0
        # The first to hear of a beginning and the last to hear of an end: what others do meanwhile is part of it, as
        # JAX's own clearing of references to dropped arrays.
        gc.callbacks.insert(0, self._start)
        gc.callbacks.append(self._end)

    def close(self) -> None:
        gc.callbacks.remove(self._start)
        gc.callbacks.remove(self._end)

    def _start(self, phase: str, info: Mapping[str, int]) -> None:
        del info
        if phase == "start":
            self._began_seconds = time.thread_time()

    def _end(self, phase: str, info: Mapping[str, int]) -> None:
        del info
        if phase == "stop":
            self.seconds += time.thread_time() - self._began_seconds
            self.count += 1


def warm(memory: dict[str, Any]) -> None:
    """Runs in the framework's process: compile the program, and step until its steps agree."""
    program = memory["program"]
    program.compile()
    warm_up(program, role="training")


def take_long_run(
    memory: dict[str, Any], *, verbs: str, fewest_steps: int, shortest_seconds: float, longest_seconds: float
) -> dict[str, Any]:
    """Runs in the framework's process, after ``warm``: step until there are enough steps and seconds.

    ``verbs`` is the module ``probing.compilations`` of the framework, or empty where it has none. Returns a list for
    each of ``COLUMNS``; ``compile_seconds`` is None where the framework does not tell it.
    """
    program = memory["program"]
    watch = cast(CompilationWatching, importlib.import_module(verbs)).watch(program) if verbs else None
    # Arrays of numbers, made once: whatever Python object was kept of a step would bring the collector on.
    columns = {name: array(kind) for name, kind in COLUMNS.items()}
    counters, collector = SchedulingCounters(), CollectorWatch()
    tells_seconds = watch is not None and watch().seconds is not None
    began_seconds = seconds()
    try:
        while True:
            count, passed_seconds = len(columns["seconds"]), seconds() - began_seconds
            if passed_seconds >= longest_seconds or (count >= fewest_steps and passed_seconds >= shortest_seconds):
                break
            _take_step(program, columns, counters=counters, collector=collector, watch=watch)
    finally:
        collector.close()
        counters.close()
    return {
        **{name: column.tolist() for name, column in columns.items()},
        "compile_seconds": columns["compile_seconds"].tolist() if tells_seconds else None,
        "watched": watch is not None,
    }


def _take_step(
    program: Any,
    columns: Mapping[str, Any],
    *,
    counters: SchedulingCounters,
    collector: CollectorWatch,
    watch: CompilationWatch | None,
) -> None:
    step, wait = program.step, program.wait
    compiled_before = watch() if watch is not None else None
    before = counters.read()
    collections_before, collection_seconds_before = collector.count, collector.seconds
    began = seconds()
    step()
    wait()
    ended = seconds()
    taken = counters.read().since(before)
    values = {
        "began_seconds": began,
        "seconds": ended - began,
        "withheld_seconds": taken.withheld_seconds(ended - began),
        "collection_seconds": collector.seconds - collection_seconds_before,
        "compile_seconds": 0.0,
        "compilations": 0,
        "queued_seconds": taken.queued_seconds,
        "steal_seconds": taken.steal_seconds,
        "throttled_seconds": taken.throttled_seconds,
        "stops": taken.stops,
        "involuntary_switches": taken.involuntary_switches,
        "major_faults": taken.major_faults,
        "collections": collector.count - collections_before,
    }
    if watch is not None and compiled_before is not None:
        compiled = watch()
        values["compilations"] = compiled.compiled - compiled_before.compiled
        values["compile_seconds"] = (compiled.seconds or 0.0) - (compiled_before.seconds or 0.0)
    for name, column in columns.items():
        column.append(values[name])
