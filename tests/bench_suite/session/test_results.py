"""The saved form of a measured case has every figure under its metric, and what ran beside it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.matrix.cases import Case
from speedscore.bench_suite.measuring.outcomes import CaseMeasured
from speedscore.bench_suite.session.results import measured_result, unmeasured
from speedscore.bench_suite.workers.protocol import Gauged, Prepared
from speedscore.host.control_groups import Throttling
from speedscore.record.descriptions import ProgramDescription, WorkerDescription
from speedscore.record.measurement import Measurement
from speedscore.record.metrics import METRICS, Metric
from speedscore.record.phases import Phase
from speedscore.record.run_record import CaseResult, Round
from tests.sample_runs import CERTIFICATE

THROTTLED = Throttling(periods=380, throttled_periods=373, throttled_seconds=20.0)

ROUNDS = (Round(0.2, turn=1, process=0), Round(0.3, turn=1, process=1))


def prepared(**changes: Any) -> Prepared:
    known: dict[str, Any] = {
        "stages_seconds": {"trace_seconds": 1.0},
        "first_step_seconds": 2.0,
        "time_to_first_step_seconds": 3.0,
        "memory_bytes": {"static_plan_bytes": 64},
        "certificate": CERTIFICATE,
        "steps_per_round": 5,
        "counts": {"xla_flops": 12, "xla_bytes_accessed": 48},
    }
    return Prepared(**known | changes)


def result_of(phase: Phase, *processes: Prepared, **changes: Any) -> CaseResult:
    known: dict[str, Any] = {
        "rounds": ROUNDS,
        "stopped": "narrow",
        "prepared": processes or (prepared(),),
        "certificate": CERTIFICATE,
        "flops": 1000,
        "gauged": Gauged(gemm_flops_per_second=1e9, dispatch_seconds=(1e-5, 2e-5)),
        "workload": {"batch": 8},
        "program": ProgramDescription(platform="cpu", device_kind="a processor"),
        "worker": WorkerDescription(python="3.11", other={"OMP_NUM_THREADS": "2"}),
    }
    case = Case(framework="jax", model="mlp", device="cpu", phase=phase)
    outcome = CaseMeasured(**known | changes)
    return measured_result("a node id", case, outcome, busy_processors=0.126, throttling=THROTTLED, occasion="then")


def names(result: CaseResult) -> list[str]:
    return [measurement.name for measurement in result.measurements]


def test_the_rounds_are_kept_as_they_were_and_all_else_beside_them() -> None:
    result = result_of("training")
    assert (result.rounds, result.metric.name) == (ROUNDS, "seconds_per_step")
    assert names(result) == [
        "trace_seconds",
        "first_step_seconds",
        "time_to_first_step_seconds",
        "static_plan_bytes",
        "xla_flops",
        "xla_bytes_accessed",
        "dispatch_seconds",
    ]
    assert (result.flops, result.steps_per_round, result.ecosystem) == (1000, 5, "jax")


def test_a_warm_compilation_says_so_in_every_stage() -> None:
    result = result_of("warm_compilation")
    assert names(result)[:2] == ["warm_trace_seconds", "warm_first_step_seconds"]
    assert "warm_time_to_first_step_seconds" not in names(result)
    assert (result.flops, result.steps_per_round) == (0, 1)


def test_each_process_gives_one_sample_and_a_count_one_for_all() -> None:
    lacking = prepared(stages_seconds={}, memory_bytes={"static_plan_bytes": 66}, first_step_seconds=4.0)
    result = result_of("training", prepared(), lacking)
    assert result.find("static_plan_bytes") == Measurement.of(METRICS["static_plan_bytes"], (64, 66))
    assert result.find("first_step_seconds") == Measurement.of(METRICS["first_step_seconds"], (2.0, 4.0))
    assert result.find("trace_seconds") == Measurement.of(METRICS["trace_seconds"], (1.0,))
    assert result.find("xla_flops") == Measurement.of(METRICS["xla_flops"], (12,))


@pytest.mark.parametrize("phase", ["inference", "throughput", "compilation"])
def test_dispatch_is_of_training_alone(phase: Phase) -> None:
    assert result_of(phase).find("dispatch_seconds") is None


def test_what_was_observed_around_the_worker_stands_with_what_it_told() -> None:
    worker = result_of("training").worker
    assert (worker.python, worker.other) == ("3.11", {"OMP_NUM_THREADS": "2"})
    assert (worker.processors_busy_before, worker.gemm_flops_per_second) == (0.13, 1e9)
    assert (worker.quota_periods, worker.throttled_periods) == (380, 373)
    assert (worker.peak_flops_per_second, worker.peak_source) == (None, None)
    assert result_of("training", gauged=None).worker.gemm_flops_per_second is None


def test_a_metric_that_a_framework_declares_has_the_direction_that_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    hits = Metric("cache_hits", unit="count", better="higher", title="hits of the cache")
    monkeypatch.setitem(FRAMEWORKS, "jax", msgspec.structs.replace(FRAMEWORKS["jax"], metrics=(hits,)))
    result = result_of("training", prepared(counts={"cache_hits": 3}))
    assert result.find("cache_hits") == Measurement("cache_hits", unit="count", better="higher", samples=(3.0,))


def test_a_case_without_figures_says_why() -> None:
    case = Case(framework="torch", model="mlp", device="gpu", phase="training")
    result = unmeasured("a node id", case, status="skipped", reason="no GPU")
    assert (result.status, result.reason, result.rounds, result.ecosystem) == ("skipped", "no GPU", (), "pytorch")


@pytest.mark.parametrize(
    ("reason", "kept"),
    [("", "no reason was given"), ("no /data/b\udcfcro", "no /data/b\\udcfcro")],
    ids=["none", "half"],
)
def test_whatever_a_test_is_skipped_with_is_a_reason_that_can_be_saved(reason: str, kept: str) -> None:
    case = Case(framework="torch", model="mlp", device="gpu", phase="training")
    result = unmeasured("a node id", case, status="skipped", reason=reason)
    assert result.reason == kept
    assert msgspec.json.decode(msgspec.json.encode(result), type=CaseResult) == result
