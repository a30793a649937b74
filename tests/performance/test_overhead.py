"""What the suite adds: to the figure of a step, to the time before the first round, and to collecting.

Prints what it finds; asserts only that there was something to find. Aims: a reported step within 1 % of the same step
in a bare loop, and collection under one second.
"""

from __future__ import annotations

import math
import re
import signal
import statistics
import subprocess
import sys
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.matrix.cases import Cell, implementation
from speedscore.bench_suite.measuring.cell_run import ask
from speedscore.bench_suite.measuring.role_rounds import RoleRounds
from speedscore.bench_suite.workers.handle import ProcessWorker
from speedscore.bench_suite.workers.protocol import Build, Prepare, Prepared, Setting
from speedscore.bench_suite.workloads.presets import PRESETS
from speedscore.bench_suite.workloads.table import MODELS
from speedscore.host.processors import allowed_processors

BARE_LOOP = Path(__file__).parent / "bare_loop.py"
REPOSITORY = BARE_LOOP.parents[2]
PROCESS_PAIRS = 5
ROUNDS_A_PAIR = 40


@pytest.mark.parametrize(("framework", "model"), [("jax", "mlp"), ("jax", "gpt"), ("torch", "mlp"), ("torch", "gpt")])
def test_a_reported_step_against_the_same_step_in_a_bare_loop(framework: str, model: str, tmp_path: Path) -> None:
    if find_spec(FRAMEWORKS[framework].packages[0]) is None:
        pytest.skip(f"{framework} is not installed")
    pair_ratios, setup_seconds = [], []
    for pair in range(PROCESS_PAIRS):
        ratio, seconds = paired_ratio(framework, model, tmp_path / str(pair))
        pair_ratios.append(ratio)
        setup_seconds.append(seconds)
    middle = statistics.median(pair_ratios)
    print(
        f"\n{framework} {model}: reported / bare = {middle:.4f} "
        f"(pairs of processes: {', '.join(f'{ratio:.4f}' for ratio in sorted(pair_ratios))}); "
        f"from starting the worker to its first round {statistics.median(setup_seconds):.1f} s"
    )
    assert math.isfinite(middle)


def paired_ratio(framework: str, model: str, folder: Path) -> tuple[float, float]:
    """The median ratio of neighbouring rounds, suite over bare loop, and the suite's seconds of set-up."""
    scratch = folder / "worker"
    scratch.mkdir(parents=True)
    started = time.monotonic()
    worker = ProcessWorker(scratch)
    limit_seconds = PRESETS["smoke"].limit_seconds
    setting = Setting(
        cell=Cell(framework=framework, model=model, device="cpu"),
        framework=FRAMEWORKS[framework],
        implementation=implementation(FRAMEWORKS[framework], MODELS[model]),
        workload_module=MODELS[model].workload,
        preset="smoke",
        affinity=allowed_processors(),
        scratch=str(scratch),
        caches=str(scratch / "caches"),
    )
    command = [sys.executable, str(BARE_LOOP), framework, model, str(folder / "bare")]
    try:
        worker.ask(Build(setting), limit_seconds=limit_seconds)
        prepare = Prepare(role="training", round_seconds=PRESETS["smoke"].round_seconds)
        prepared = worker.ask(prepare, limit_seconds=limit_seconds)
        setup_seconds = time.monotonic() - started
        worker.freeze()
        assert isinstance(prepared, Prepared)
        steps = prepared.steps_per_round
        rounds = RoleRounds("training", partial(ask, worker, limit_seconds=limit_seconds), worker.held_up_seconds)
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as bare:
            assert bare.stdin is not None
            assert bare.stdout is not None
            assert bare.stdout.readline() == "ready\n"
            ratios = []
            for index in range(ROUNDS_A_PAIR):
                seconds = {}
                for side in ("suite", "bare") if index % 2 else ("bare", "suite"):
                    if side == "suite":
                        bare.send_signal(signal.SIGSTOP)
                        seconds[side] = rounds.take(steps)
                        worker.freeze()
                        bare.send_signal(signal.SIGCONT)
                    else:
                        bare.stdin.write(f"{steps}\n")
                        bare.stdin.flush()
                        seconds[side] = float(bare.stdout.readline())
                ratios.append(seconds["suite"] / seconds["bare"])
            bare.stdin.close()
    finally:
        worker.close()
    return statistics.median(ratios), setup_seconds


def test_seconds_that_collecting_the_whole_matrix_takes() -> None:
    command = [sys.executable, "-m", "pytest", "bench_suite", "--collect-only", "-q"]
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
        seconds.append(time.perf_counter() - started)
    collected = re.search(r"(\d+)(?:/\d+)? tests collected.* in ([\d.]+)s", done.stdout)
    assert collected is not None
    print(
        f"\ncollecting {collected[1]} cases: {collected[2]} s by pytest's count, "
        f"{statistics.median(seconds):.2f} s as a whole process"
    )
