"""Answers of probes that nobody asked."""

from __future__ import annotations

from collections.abc import Mapping

from speedscore.record.measurement import Measurement
from speedscore.record.metrics import find_metric
from speedscore.record.probe_result import ProbeResult, ProbeStatus


def result(
    family: str,
    framework: str,
    outcome: str = "",
    *,
    subject: str = "",
    target: str = "",
    reason: str = "",
    seconds: float | None = None,
    counts: Mapping[str, float] | None = None,
) -> ProbeResult:
    status: ProbeStatus = "answered" if outcome else "skipped"
    name = "-".join(filter(None, (framework, subject, target, "cpu")))
    figures = {**({} if seconds is None else {"import_seconds": seconds}), **(counts or {})}
    return ProbeResult(
        id=name,
        nodeid=f"{family}[{name}]",
        family=family,
        framework=framework,
        ecosystem=framework,
        device="cpu",
        status=status,
        subject=subject,
        target=target,
        outcome=outcome,
        reason=reason,
        seconds=(1.0,) if outcome else (),
        measurements=tuple(Measurement.of(find_metric(name), (value,)) for name, value in figures.items()),
        versions={"sample": "1"} if outcome else {},
    )


def exports(framework: str, *outcomes: str, control: str = "held") -> list[ProbeResult]:
    cells = [
        result("export", framework, outcome, subject=f"model{index}", target="onnx")
        for index, outcome in enumerate(outcomes)
    ]
    return [*cells, result("export_control", framework, control, target="onnx")] if control else cells
