"""Measured cases made by hand, for tests of what is computed from them and printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from speedscore.record.phases import METRICS, Phase
from speedscore.record.run_record import CaseResult, Certificate, Check, Measurement

CERTIFICATE = Certificate(reference="by hand", checks=(Check(quantity="loss", tensor="", error=1e-7, tolerance=1e-5),))


def a_case(
    framework: str,
    processes: Sequence[Sequence[float] | Mapping[int, float]],
    *,
    phase: Phase = "training",
    model: str = "mlp",
    extra: Iterable[Measurement] = (),
    **fields: Any,
) -> CaseResult:
    """A measured case of the rounds of each process; where they are no mapping from turns, one a turn."""
    rounds = [
        (process, turn, seconds)
        for process, own in enumerate(processes)
        for turn, seconds in (own.items() if isinstance(own, Mapping) else enumerate(own))
    ]
    metric = METRICS[phase]
    measured = Measurement(name=metric, unit="s", better="lower", samples=tuple(seconds for _, _, seconds in rounds))
    known: dict[str, Any] = {
        "id": f"{framework}-{model}-cpu",
        "ecosystem": framework,
        "device": "cpu",
        "precision": "float32",
        "occasion": "2026-12-01T12:00:00+00:00",
        "stopped": "narrow",
        "workload": {"preset": "smoke", "cut": "none", "batch": 8},
    }
    return CaseResult(
        nodeid=f"bench_suite/test_{phase}.py::test_{phase}[{framework}-{model}]",
        framework=framework,
        model=model,
        phase=phase,
        status="measured",
        metric=metric,
        measurements=(measured, *extra),
        turns=tuple(turn for _, turn, _ in rounds),
        processes=tuple(process for process, _, _ in rounds),
        certificate=CERTIFICATE,
        **known | fields,
    )
