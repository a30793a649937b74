"""What it costs that nobody can fool the clock: to the figure of a step, to each round, and to a case.

Prints what it finds; asserts only that there was something to find. Aim: nothing within the timed steps, and looks that
take less than a tenth of a case.
"""

from __future__ import annotations

import statistics
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.matrix.cases import Cell
from speedscore.bench_suite.measuring.audit import LOOKED_AT_ONE_IN, RoundAudit
from speedscore.bench_suite.measuring.cell_run import ask
from speedscore.bench_suite.measuring.role_rounds import RoleRounds
from speedscore.bench_suite.session.running.worker_factory import make_setting
from speedscore.bench_suite.workers.handle import ProcessWorker
from speedscore.bench_suite.workers.protocol import Build, Built, Prepare, Prepared, TimedRound, TimeRound
from speedscore.bench_suite.workloads.presets import PRESETS
from speedscore.bench_suite.workloads.table import make_workload
from speedscore.record.phases import Role

ROUNDS = 24
LOOKS = 5
PROCESSES = 5
PAIRS = 60
ROLES: tuple[Role, ...] = ("training", "inference", "throughput")


@pytest.mark.parametrize(("framework", "model"), [("jax", "mlp"), ("jax", "gpt"), ("torch", "mlp"), ("torch", "gpt")])
def test_what_fresh_batches_two_clocks_and_looks_take(framework: str, model: str, tmp_path: Path) -> None:
    if find_spec(FRAMEWORKS[framework].packages[0]) is None:
        pytest.skip(f"{framework} is not installed")
    preset = PRESETS["smoke"]
    scratch = tmp_path / "worker"
    scratch.mkdir()
    worker = ProcessWorker(scratch)
    tell = partial(ask, worker, limit_seconds=preset.limit_seconds)
    cell = Cell(framework=framework, model=model, device="cpu")
    try:
        began = time.monotonic()
        tell(Build(make_setting(cell, preset=preset, scratch=scratch, caches=scratch / "caches")), Built)
        for role in ROLES:
            prepared = tell(Prepare(role=role, round_seconds=preset.round_seconds), Prepared)
            prepared_seconds = time.monotonic() - began
            print(f"\n{framework} {model} {role}: " + _costs(role, worker, prepared, model=model))
            print(f"  from starting the worker until this role was prepared: {prepared_seconds:.1f} s")
    finally:
        worker.close()


def test_what_a_step_takes_over_fresh_batches_and_over_one(tmp_path: Path) -> None:
    for framework, model in (("jax", "mlp"), ("jax", "gpt"), ("torch", "mlp"), ("torch", "gpt")):
        if find_spec(FRAMEWORKS[framework].packages[0]) is None:
            pytest.skip(f"{framework} is not installed")
        ratios = [_ratio(framework, model, tmp_path / f"{framework}-{model}-{pair}") for pair in range(PROCESSES)]
        print(f"\n{framework} {model}: {', '.join(f'{ratio:.4f}' for ratio in sorted(ratios))}")
        assert all(ratio > 0 for ratio in ratios)


def _ratio(framework: str, model: str, scratch: Path) -> float:
    """Of training steps in a round as it is taken, over those of one that nothing comes before, in one process."""
    scratch.mkdir()
    preset = PRESETS["smoke"]
    worker = ProcessWorker(scratch)
    tell = partial(ask, worker, limit_seconds=preset.limit_seconds)
    cell = Cell(framework=framework, model=model, device="cpu")
    try:
        tell(Build(make_setting(cell, preset=preset, scratch=scratch, caches=scratch / "caches")), Built)
        steps = tell(Prepare(role="training", round_seconds=preset.round_seconds), Prepared).steps_per_round
        rounds = RoleRounds("training", tell, worker.held_up_seconds)
        ratios = []
        for _ in range(PAIRS):
            taken = rounds.take(steps)
            ratios.append(taken / tell(TimeRound("training", steps), TimedRound).seconds)
        return statistics.median(ratios)
    finally:
        worker.close()


def _costs(role: Role, worker: ProcessWorker, prepared: Prepared, *, model: str) -> str:
    tell = partial(ask, worker, limit_seconds=PRESETS["smoke"].limit_seconds)
    rounds = RoleRounds(role, tell, worker.held_up_seconds)
    audit = RoundAudit(rounds, tell, lambda: make_workload(model, "smoke"))
    began = time.perf_counter()
    for _ in range(ROUNDS):
        rounds.take(prepared.steps_per_round)
    round_seconds = (time.perf_counter() - began) / ROUNDS
    looks = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        audit.look()
        looks.append(time.perf_counter() - began)
        rounds.take(prepared.steps_per_round)
    readings = rounds.readings
    steps = statistics.median((each.plan.settling + each.plan.steps) * each.step_seconds for each in readings)
    lag = statistics.median(each.waited_seconds - each.claimed_seconds - each.held_up_seconds for each in readings)
    assert looks
    return (
        f"a round takes {1e3 * round_seconds:.1f} ms, its steps and those of settling {1e3 * steps:.1f} ms of them; "
        f"the clock of pytest's side is {1e3 * lag:.2f} ms behind; a look takes "
        f"{1e3 * statistics.median(looks[1:]):.0f} ms, the first, in float64 too, {1e3 * looks[0]:.0f} ms; "
        f"one round in {LOOKED_AT_ONE_IN} is looked at"
    )
