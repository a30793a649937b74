"""A bare loop around a program's step, in a process of its own: what the suite's figures are held against.

``python bare_loop.py FRAMEWORK MODEL`` builds the program, takes some steps, prints ``ready``, and then for each line
``N`` on standard input takes a few steps, times N steps and a wait, and prints seconds per step. Nothing is loaded
again, guarded or checked.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.matrix.cases import Cell, implementation
from speedscore.bench_suite.workers.isolation import isolate
from speedscore.bench_suite.workers.protocol import Setting
from speedscore.bench_suite.workloads.table import MODELS, make_workload
from speedscore.host.processors import allowed_processors

WARM_STEPS = 50


def main(framework_id: str, model: str, scratch: str) -> None:
    framework = FRAMEWORKS[framework_id]
    setting = Setting(
        cell=Cell(framework=framework_id, model=model, device="cpu"),
        framework=framework,
        implementation=implementation(framework, MODELS[model]),
        workload_module=MODELS[model].workload,
        preset="smoke",
        affinity=allowed_processors(),
        scratch=scratch,
        caches=f"{scratch}/caches",
    )
    isolate(setting)
    program = framework.load()(
        make_workload(model, "smoke"),
        implementation=setting.implementation,
        role="training",
        device="cpu",
        variant=framework.variant,
        threads=len(setting.affinity),
    )
    program.compile()
    for _ in range(WARM_STEPS):
        program.step()
    program.wait()
    print("ready", flush=True)
    for line in sys.stdin:
        steps = int(line)
        for _ in range(max(1, steps // 4)):
            program.step()
        program.wait()
        started = time.perf_counter()
        for _ in range(steps):
            program.step()
        program.wait()
        print((time.perf_counter() - started) / steps, flush=True)


if __name__ == "__main__":
    scratch_folder = Path(sys.argv[3])
    scratch_folder.mkdir()
    main(sys.argv[1], sys.argv[2], str(scratch_folder))
