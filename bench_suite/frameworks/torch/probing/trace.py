"""A trace by ``torch.profiler`` with stacks: operators, and the Python calls inside which each of them ran.

The profiler writes operators and Python calls side by side. An operator's line is that of the calls that were open on
its thread when it began; an operator of the backward pass ran inside the call of ``backward``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from speedscore.bench_suite.frameworks.tracing import TracedOperation

_FILE = re.compile(r"^(.*\.py)\(\d+\): ")
_TRACE = "trace.json"


def record(program: Any, folder: Path) -> None:
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], with_stack=True) as profiler:
        program.step()
        program.wait()
    profiler.export_chrome_trace(str(folder / _TRACE))


def read(program: Any, folder: Path) -> list[TracedOperation]:
    del program
    return read_events(json.loads((folder / _TRACE).read_text())["traceEvents"])


def read_events(events: Iterable[dict[str, Any]]) -> list[TracedOperation]:
    """The operators of a trace in Chrome's format, each with the files of the Python calls that it ran in."""
    timed = [event for event in events if event.get("cat") in ("cpu_op", "python_function")]
    # Of two that begin together the longer one holds the other; of two alike, the call holds the operator.
    timed.sort(key=lambda event: (event["tid"], event["ts"], -event["dur"], event["cat"] == "cpu_op"))
    operations = []
    open_calls: list[tuple[int, float, str]] = []
    for event in timed:
        thread, begin, end = event["tid"], event["ts"], event["ts"] + event["dur"]
        while open_calls and (open_calls[-1][0] != thread or open_calls[-1][1] <= begin):
            open_calls.pop()
        if event["cat"] == "cpu_op":
            operations.append(TracedOperation(event["name"], frozenset(file for *_, file in open_calls if file)))
        else:
            match = _FILE.match(event["name"])
            open_calls.append((thread, end, match[1] if match else ""))
    return operations
