"""From what became of a case to its saved form: rounds, the figures beside them, and what ran.

It takes outcomes as they are: it starts nothing, judges nothing, and makes up no figure that was not measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.matrix.cases import Case
from speedscore.bench_suite.measuring.outcomes import CaseMeasured
from speedscore.bench_suite.workers.protocol import Prepared
from speedscore.host.control_groups import Throttling
from speedscore.host.peaks import Precision, peak_flops_per_second
from speedscore.record.descriptions import WorkerDescription
from speedscore.record.measurement import Measurement
from speedscore.record.metrics import METRICS, Metric, find_metric
from speedscore.record.phases import PHASES, PhaseSpec
from speedscore.record.run_record import CaseResult
from speedscore.text.cleaning import writable

NO_REASON = "no reason was given"


def measured_result(
    nodeid: str,
    case: Case,
    outcome: CaseMeasured,
    *,
    busy_processors: float,
    throttling: Throttling | None,
    occasion: str,
) -> CaseResult:
    """The saved form of a measured case.

    ``busy_processors``: how many others kept busy before its block began; ``throttling``: what a container's quota did
    while it was measured, None without one; ``occasion``: when its session began.
    """
    compiles = PHASES[case.phase].compiles
    return CaseResult(
        **_identity(nodeid, case),
        status="measured",
        stopped=outcome.stopped,
        rounds=outcome.rounds,
        measurements=tuple(_measurements(case, outcome)),
        occasion=occasion,
        steps_per_round=1 if compiles else outcome.prepared[0].steps_per_round,
        flops=0 if compiles else outcome.flops,
        certificate=outcome.certificate,
        workload=outcome.workload,
        program=outcome.program,
        worker=_worker(outcome, precision=case.precision, busy_processors=busy_processors, throttling=throttling),
    )


def unmeasured(nodeid: str, case: Case, *, status: Literal["skipped", "failed"], reason: str) -> CaseResult:
    """The saved form of a case that has no figures. ``reason`` is whatever text somebody raised, or none at all."""
    return CaseResult(**_identity(nodeid, case), status=status, reason=writable(reason) or NO_REASON)


def _identity(nodeid: str, case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "nodeid": nodeid,
        "framework": case.framework,
        "ecosystem": FRAMEWORKS[case.framework].ecosystem,
        "style": FRAMEWORKS[case.framework].style,
        "model": case.model,
        "device": case.device,
        "phase": case.phase,
        "precision": case.precision,
    }


def _measurements(case: Case, outcome: CaseMeasured) -> Iterator[Measurement]:
    """Every figure of the case beside its own."""
    phase, declared = PHASES[case.phase], FRAMEWORKS[case.framework].metrics
    memory: list[Mapping[str, int]] = [prepared.memory_bytes for prepared in outcome.prepared]
    if case.phase == "capability":
        # A task is compiled from caches that other tasks have filled in part: neither cold nor warm.
        memory = [_without_compiling(figures) for figures in memory]
    else:
        stages = [_compile_seconds(phase, prepared) for prepared in outcome.prepared]
        yield from _one_a_process(stages, declared, apart_from=phase.metric)
    yield from _one_a_process(memory, declared)
    # The same in every process.
    yield from _one_a_process([outcome.prepared[0].counts], declared)
    if outcome.gauged is not None and outcome.gauged.dispatch_seconds and case.phase == "training":
        yield Measurement.of(METRICS["dispatch_seconds"], outcome.gauged.dispatch_seconds)


def _compile_seconds(phase: PhaseSpec, prepared: Prepared) -> dict[str, float]:
    """Seconds of one process by metric: each stage ahead of the first step, the step, and all together."""
    stages = prepared.stages_seconds | {
        "first_step_seconds": prepared.first_step_seconds,
        "time_to_first_step_seconds": prepared.time_to_first_step_seconds,
    }
    return {phase.compile_metric_name(stage): seconds for stage, seconds in stages.items()}


def _without_compiling(memory_bytes: Mapping[str, int]) -> Mapping[str, int]:
    return {name: value for name, value in memory_bytes.items() if name != "peak_rss_with_compile_bytes"}


def _one_a_process(
    processes: Sequence[Mapping[str, float]], declared: Sequence[Metric], *, apart_from: Metric | None = None
) -> Iterator[Measurement]:
    """Each metric that the first process has, with one sample of every process that has it too."""
    for name in processes[0]:
        metric = find_metric(name, declared)
        if metric != apart_from:
            yield Measurement.of(metric, [float(process[name]) for process in processes if name in process])


def _worker(
    outcome: CaseMeasured, *, precision: Precision, busy_processors: float, throttling: Throttling | None
) -> WorkerDescription:
    """What the worker says of itself, with what was observed around it."""
    gauged = outcome.gauged
    peak = peak_flops_per_second(str(outcome.program.device_kind), precision)
    return msgspec.structs.replace(
        outcome.worker,
        processors_busy_before=round(busy_processors, 2),
        quota_periods=throttling.periods if throttling else None,
        throttled_periods=throttling.throttled_periods if throttling else None,
        gemm_flops_per_second=gauged.gemm_flops_per_second if gauged else None,
        peak_flops_per_second=peak.flops_per_second if peak else None,
        peak_source=peak.source if peak else None,
    )
