"""Measured cases made by hand, for tests of what is computed from them and printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from speedscore.host.fields import Scalar
from speedscore.record.descriptions import ProgramDescription, WorkerDescription
from speedscore.record.measurement import Measurement
from speedscore.record.phases import Phase
from speedscore.record.run_record import CaseResult, Certificate, Check, Round

CERTIFICATE = Certificate(reference="by hand", checks=(Check(quantity="loss", tensor="", error=1e-7, tolerance=1e-5),))


def a_case(
    framework: str,
    processes: Sequence[Sequence[float] | Mapping[int, float]],
    *,
    phase: Phase = "training",
    model: str = "mlp",
    extra: Iterable[Measurement] = (),
    program: Mapping[str, Scalar] = {},
    worker: Mapping[str, Scalar] = {},
    **fields: Any,
) -> CaseResult:
    """A measured case of the rounds of each process; where they are no mapping from turns, one a turn."""
    rounds = tuple(
        Round(seconds, turn=turn, process=process)
        for process, own in enumerate(processes)
        for turn, seconds in (own.items() if isinstance(own, Mapping) else enumerate(own))
    )
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
        rounds=rounds,
        measurements=tuple(extra),
        certificate=CERTIFICATE,
        program=ProgramDescription.from_fields(program),
        worker=WorkerDescription.from_fields(worker),
        **known | fields,
    )
