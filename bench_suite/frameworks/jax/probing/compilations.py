"""What JAX traced, lowered and compiled in this process, by its own events; of every library that stands on JAX."""

from __future__ import annotations

from typing import Any

import jax

from speedscore.bench_suite.frameworks.compilations import Compilations, CompilationWatch, NestedSeconds
from speedscore.host.clock import seconds

_STAGES = ("jaxpr_trace_duration", "jaxpr_to_mlir_module_duration", "backend_compile_duration")
"""The ends of the events' names. Tracing a function traces the jitted functions in it, each with its own event."""


def watch(program: Any) -> CompilationWatch:
    del program
    spent = NestedSeconds()
    compiled = 0

    def listen(event: str, duration_secs: float, **_: str | int) -> None:
        nonlocal compiled
        if event.endswith(_STAGES):
            spent.add(ended=seconds(), seconds=duration_secs)
            compiled += event.endswith(_STAGES[-1])

    jax.monitoring.register_event_duration_secs_listener(listen)
    return lambda: Compilations(compiled, spent.total)
