"""One side of a comparison in a process of its own: ``python -m ...side ours|published ROW SCRATCH``.

It builds the side and waits for a line on standard input; then it takes some steps, checks that it trains, and writes
one JSON line of facts. For each line ``N`` after that it takes a quarter as many steps, times N steps and a wait, and
writes the seconds per step. Both sides run the same loop.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import sys
import time
from pathlib import Path
from typing import TextIO

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.matrix.cases import Cell, implementation
from speedscore.bench_suite.workers.isolation import die_with_parent, isolate
from speedscore.bench_suite.workers.protocol import Setting
from speedscore.bench_suite.workloads.table import MODELS, make_workload
from speedscore.host.processors import allowed_processors
from tests.performance.published.example import Example
from tests.performance.published.rows import ROWS, Row

WARM_SECONDS = 2.0
WARM_STEPS = 4
"""The fewest steps before the first round, however long they take."""


def make_setting(row: Row, scratch: str) -> Setting:
    """What a worker of the suite would be told."""
    framework = FRAMEWORKS[row.framework]
    return Setting(
        cell=Cell(framework=row.framework, model=row.model, device="cpu"),
        framework=framework,
        implementation=implementation(framework, MODELS[row.model]),
        workload_module=MODELS[row.model].workload,
        preset=row.preset,
        affinity=allowed_processors(),
        scratch=scratch,
        caches=f"{scratch}/caches",
    )


class Ours:
    """The suite's program, built as its workers build it, answering as an example."""

    def __init__(self, setting: Setting) -> None:
        program = setting.framework.load()(
            make_workload(setting.cell.model, setting.preset),
            implementation=setting.implementation,
            role="training",
            device="cpu",
            variant=setting.framework.variant,
            threads=len(setting.affinity),
        )
        program.compile()
        self.origin = setting.implementation
        self.parameters = program.trained_count()
        self.step, self.wait, self.loss = program.step, program.wait, program.loss


def make_published(row: Row, threads: int) -> Example:
    module, _, function = row.example.partition(":")
    make = getattr(importlib.import_module(f"tests.performance.published.{module}"), function)
    example: Example = make(make_workload(row.model, row.preset), row, threads)
    return example


def warm_up(side: Example) -> dict[str, float]:
    """Loss of the first step and of the last of those before the first round. Raises RuntimeError unless it fell."""
    side.step()
    side.wait()
    first = side.loss()
    started, steps = time.perf_counter(), 0
    while steps < WARM_STEPS or time.perf_counter() - started < WARM_SECONDS:
        side.step()
        side.wait()
        steps += 1
    seconds_per_step = (time.perf_counter() - started) / steps
    later = side.loss()
    if not (math.isfinite(later) and later < first):
        raise RuntimeError(f"it does not train: loss {first} in the first step, {later} after {steps} more")
    return {"first_loss": first, "later_loss": later, "warm_seconds_per_step": seconds_per_step}


def main(which: str, row_id: str, scratch: str, replies: TextIO) -> None:
    die_with_parent()
    row = ROWS[row_id]
    setting = make_setting(row, scratch)
    isolate(setting)
    side: Example = Ours(setting) if which == "ours" else make_published(row, len(setting.affinity))
    sys.stdin.readline()
    facts = {"origin": side.origin, "parameters": side.parameters} | warm_up(side)
    print(json.dumps(facts), file=replies, flush=True)
    for line in sys.stdin:
        steps = int(line)
        for _ in range(steps // 4):
            side.step()
        side.wait()
        started = time.perf_counter()
        for _ in range(steps):
            side.step()
        side.wait()
        print((time.perf_counter() - started) / steps, file=replies, flush=True)


if __name__ == "__main__":
    Path(sys.argv[3]).mkdir(parents=True)
    # Libraries print where they like; the replies get a pipe that only this module writes to.
    own = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    main(sys.argv[1], sys.argv[2], sys.argv[3], own)
