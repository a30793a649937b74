"""Rounds on a processor that another process is at work on as well: what each took, as lines of JSON.

Arguments: what else the program itself does (``nothing``, ``child`` or ``sleep``), and the processor.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

from speedscore_gate_preemption import Preemption

ROUNDS = 30


def burn(units: int) -> None:
    total = 0
    for number in range(units):
        total += number


def main(what: str, processor: int) -> None:
    os.sched_setaffinity(0, {processor})
    child = subprocess.Popen(["sleep", "60"]) if what == "child" else None
    for _ in range(ROUNDS):
        preemption = Preemption()
        wall_started, cpu_started = time.perf_counter(), time.process_time()
        burn(100_000)
        if what == "sleep":
            time.sleep(0.01)
        cpu_seconds, wall_seconds = time.process_time() - cpu_started, time.perf_counter() - wall_started
        times = preemption.times(seconds=wall_seconds, wall_seconds=wall_seconds, cpu_seconds=cpu_seconds)
        print(json.dumps(times._asdict()), flush=True)
    if child is not None:
        child.kill()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
