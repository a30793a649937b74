"""The profile of a JAX program, by ``jax.profiler``: for xprof as XLA writes it, and for Perfetto as trace events.

Every library on JAX is profiled here. It is imported only where a profile was asked for.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import jax

from speedscore.bench_suite.frameworks.profiling import TRACE, XPLANE, MarkStep

_mark_step = partial(jax.profiler.TraceAnnotation, "step", _r=1)
"""What ``StepTraceAnnotation`` marks, and xprof takes for a step. No function of Python may make one: the step begins
inside it, and ends outside; the Python tracer records both, and of two that overlap in part Perfetto drops one."""


@contextmanager
def jax_profile(folder: Path) -> Iterator[MarkStep]:
    """As ``frameworks.profiling.Profiling`` says."""
    with TemporaryDirectory(dir=folder, prefix=".") as written:
        with jax.profiler.trace(written, create_perfetto_trace=True):
            yield _mark_step
        (xplane,) = Path(written).rglob("*.xplane.pb")
        xplane.replace(folder / XPLANE)
        (trace,) = Path(written).rglob("perfetto_trace.json.gz")
        _write_events(trace, folder / TRACE)


def _write_events(source: Path, target: Path) -> None:
    """The trace without the empty object at its end, which Perfetto counts as an error."""
    with gzip.open(source) as file:
        trace = json.load(file)
    trace["traceEvents"] = [event for event in trace["traceEvents"] if event]
    with gzip.open(target, "wt", encoding="utf-8") as file:
        json.dump(trace, file)
