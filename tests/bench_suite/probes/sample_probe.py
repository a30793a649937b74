"""A family of probes for the tests: what it does is the subject of its case. Its second half runs in the process."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from speedscore.bench_suite.probes.probe import Answer, ProbeCase, ProbeUnavailable
from speedscore.bench_suite.probes.tools import Tools

HERE = __name__


def ask(case: ProbeCase, tools: Tools) -> Answer:
    """Answers ``Ask``."""
    if case.subject == "unavailable":
        raise ProbeUnavailable("needs a moon; wait for the night")
    process = tools.start()
    versions = process.versions("pytest")
    if case.subject == "broken":
        process.call(f"{HERE}:fail", message="the harness is wrong")
    if case.subject == "hangs":
        process.call(f"{HERE}:sleep", seconds=600)
    seconds = process.call(f"{HERE}:add", number=1) / 100
    outcome = "odd" if case.subject == "odd" else "right"
    metric = "no_such_metric" if case.subject == "undeclared" else "import_seconds"
    return Answer(outcome, (seconds,), versions, measurements={metric: [seconds]})


def add(memory: dict[str, Any], *, number: int) -> int:
    """The sum of all that was given to this process."""
    memory["sum"] = memory.get("sum", 0) + number
    return int(memory["sum"])


def fail(memory: dict[str, Any], *, message: str) -> None:
    del memory
    raise LookupError(message)


def die(memory: dict[str, Any]) -> None:
    del memory
    os.abort()


def sleep(memory: dict[str, Any], *, seconds: float) -> None:
    del memory
    time.sleep(seconds)


def write(memory: dict[str, Any]) -> None:
    """Writes where a program writes, which is not where replies go."""
    del memory
    print('{"value": 0}', flush=True)
    sys.stderr.write('{"value": 1}\n')


def unsendable(memory: dict[str, Any]) -> object:
    del memory
    return object()


def places(memory: dict[str, Any]) -> dict[str, Any]:
    """Where the process lives."""
    del memory
    affinity = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return {"pid": os.getpid(), "folder": os.getcwd(), "affinity": affinity, "threads": os.environ["OMP_NUM_THREADS"]}  # noqa: PTH109
