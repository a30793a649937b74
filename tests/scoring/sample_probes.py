"""Small saved answers to probes for tests of scoring. Nothing is asked here."""

from __future__ import annotations

import msgspec

from speedscore.record.measurement import Measurement
from speedscore.record.probe_result import ProbeResult, ProbeStatus
from speedscore.record.run_record import RunRecord
from speedscore.scoring.evidence.evidence import NamedRun
from tests.scoring.sample_runs import make_run

NOON = "2026-11-22T12:00:00+00:00"


def answered(
    family: str,
    outcome: str = "counted",
    *,
    framework: str = "alpha",
    ecosystem: str = "alpha",
    subject: str = "",
    target: str = "",
    **counts: float,
) -> ProbeResult:
    """A probe that was answered; ``counts`` are its measurements."""
    probe_id = "-".join(filter(None, (framework, subject, target, "cpu")))
    return ProbeResult(
        id=probe_id,
        nodeid=f"bench_suite/test_probes.py::test_{family}[{probe_id}]",
        family=family,
        framework=framework,
        ecosystem=ecosystem,
        device="cpu",
        status="answered",
        subject=subject,
        target=target,
        outcome=outcome,
        seconds=(1.0,),
        measurements=tuple(
            Measurement(name=name, unit="count", better="lower", samples=(value,)) for name, value in counts.items()
        ),
        versions={"alpha": "1.0"},
    )


def unanswered(probe: ProbeResult, *, status: ProbeStatus = "skipped", reason: str = "no tool here") -> ProbeResult:
    """The same question without an answer."""
    return msgspec.structs.replace(probe, status=status, outcome="", seconds=(), versions={}, reason=reason)


def exported(
    outcome: str = "passed",
    *,
    subject: str = "mlp",
    target: str = "onnx",
    framework: str = "alpha",
    ecosystem: str = "alpha",
) -> ProbeResult:
    return answered("export", outcome, framework=framework, ecosystem=ecosystem, subject=subject, target=target)


def control(
    outcome: str = "held", *, target: str = "onnx", framework: str = "alpha", ecosystem: str = "alpha"
) -> ProbeResult:
    return answered("export_control", outcome, framework=framework, ecosystem=ecosystem, target=target)


def probed_run(*probes: ProbeResult, created: str = NOON) -> RunRecord:
    return msgspec.structs.replace(make_run(), created=created, probes=probes)


def named(*probes: ProbeResult, name: str = "run.json", created: str = NOON) -> NamedRun:
    return NamedRun(name=name, record=probed_run(*probes, created=created))
