"""What the terminal tells of tasks: work a second where it says more than a time, and frontiers of memory."""

from __future__ import annotations

from speedscore.bench_suite.session.printing.capability_lines import capability_lines
from speedscore.record.measurement import Measurement
from speedscore.record.metrics import METRICS
from speedscore.record.run_record import CaseResult
from tests.sample_runs import a_case


def _rollout(framework: str, *, environments: int, seconds: float) -> CaseResult:
    return a_case(
        framework,
        [[seconds]],
        phase="capability",
        model=f"rl-rollout-{environments}",
        workload={"work": 32 * environments, "work_unit": "environment steps"},
    )


def _recomputing(framework: str, policy: str, *, seconds: float, kept: float, batch: int | None = None) -> CaseResult:
    measured = [Measurement.of(METRICS["residual_bytes"], [kept])]
    measured += [Measurement.of(METRICS["largest_batch"], [float(batch)])] if batch is not None else []
    return a_case(
        framework,
        [[seconds]],
        phase="capability",
        model=f"remat-gpt-{policy}",
        workload={"policy": policy, "budget_bytes": 64 << 20},
        extra=measured,
    )


def test_work_a_second_stands_beside_each_other_where_tasks_differ_in_size() -> None:
    cases = [
        _rollout("jax", environments=64, seconds=0.001),
        _rollout("jax", environments=4096, seconds=0.01),
        _rollout("torch", environments=64, seconds=0.004),
    ]
    assert [line.split() for line in capability_lines(cases)] == [
        [],
        ["Environment", "steps", "a", "second"],
        ["jax", "torch"],
        ["rl-rollout-64", "2.05", "M", "512", "k"],
        ["rl-rollout-4096", "13.1", "M", "–"],
    ]


def test_over_one_size_a_rate_says_no_more_than_the_time_and_is_left_out() -> None:
    assert capability_lines([_rollout("jax", environments=64, seconds=0.001)]) == []


def test_a_model_is_no_task() -> None:
    assert capability_lines([a_case("jax", [[0.1]])]) == []


def test_a_frontier_holds_each_policy_with_its_time_and_what_it_keeps() -> None:
    lines = capability_lines(
        [
            _recomputing("jax", "none", seconds=0.02, kept=32 << 20, batch=10),
            _recomputing("jax", "full", seconds=0.03, kept=4 << 20, batch=113),
            _recomputing("torch-compile", "none", seconds=0.01, kept=10 << 20),
        ]
    )
    assert lines[1] == "Recomputing the forward pass of gpt: time against memory"
    assert [line.split() for line in lines[2:]] == [
        ["recomputed", "a", "call", "kept", "peak", "batch", "in", "64.0", "MiB"],
        ["jax", "none", "20.0", "ms", "32.0", "MiB", "–", "10"],
        ["jax", "full", "30.0", "ms", "4.00", "MiB", "–", "113"],
        ["torch-compile", "none", "10.0", "ms", "10.0", "MiB", "–", "–"],
    ]
    assert max(map(len, lines)) <= 80
