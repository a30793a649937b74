"""Saved runs for the tests of the history: of several machines and months, with everything that a run can hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from speedscore.host.fields import Scalar
from speedscore.record.probe_result import ProbeResult
from speedscore.record.run_record import CaseResult, Ratio, RunRecord
from tests.sample_runs import MACHINE, a_run, measured, timed

SECONDS = (0.1, 0.30000000000000004, 1e-9)
"""Two of them are no short decimals: a digit lost is seen."""


def a_full_run(
    environment: Mapping[str, Scalar] = {}, *, day: float = 0.0, seconds: Sequence[float] = SECONDS
) -> RunRecord:
    """Two frameworks, one that was skipped, a ratio and a probe."""
    memory = measured("peak_rss_running_bytes", "bytes", 12345678.0, 1e15 + 1)
    return a_run(
        timed(seconds, framework="jax", style="idiomatic", extra=[memory], program={"variant": "jit", "threads": 2}),
        timed([0.2, 0.25], framework="torch"),
        a_skipped_case("no GPU here"),
        day=day,
        environment=MACHINE | dict(environment),
        ratios=(
            Ratio("training", "mlp", "cpu", "jax", "torch", value=1.1 + 2.2, low=0.1 + 0.2, high=4.5, processes=2),
            Ratio("compilation", "mlp", "cpu", "torch", "jax", value=1.5, low=None, high=None, processes=1),
        ),
        probes=(a_probe(),),
    )


def a_fleets_run() -> RunRecord:
    """Measured on the machine that led and on another, both of which had the same two frameworks."""
    run = a_full_run()
    there = [
        msgspec.structs.replace(case, nodeid=case.nodeid.replace("mlp", "gpt"), model="gpt", machine="other")
        for case in run.cases
    ]
    ratios = [msgspec.structs.replace(ratio, model="gpt", machine="other") for ratio in run.ratios[:1]]
    return msgspec.structs.replace(
        run,
        cases=(*run.cases, *there),
        ratios=(*run.ratios[:1], *ratios),
        machines={"other": MACHINE | {"cpu.model": "another"}},
    )


def a_skipped_case(reason: str, **fields: Any) -> CaseResult:
    known: dict[str, Any] = {
        "id": "jax-mlp-gpu",
        "nodeid": "bench_suite/test_training.py::test_training[jax-mlp-gpu]",
        "framework": "jax",
        "ecosystem": "jax",
        "model": "mlp",
        "device": "gpu",
        "phase": "training",
        "precision": "float32",
    }
    return CaseResult(status="skipped", reason=reason, **known | fields)


def a_probe(**fields: Any) -> ProbeResult:
    known: dict[str, Any] = {
        "id": "jax-gpt-onnx-cpu",
        "nodeid": "bench_suite/test_export.py::test_export[jax-gpt-onnx-cpu]",
        "family": "export",
        "framework": "jax",
        "ecosystem": "jax",
        "device": "cpu",
        "status": "answered",
        "subject": "gpt",
        "target": "onnx",
        "outcome": "passed",
        "seconds": (0.1 + 0.2,),
        "observations": {"relative_error": 1e-7, "named": True},
        "measurements": (measured("artefact_bytes", "bytes", 1234.0),),
        "versions": {"jax": "0.10.2"},
        "occasion": "2026-12-01T12:00:00+00:00",
    }
    return ProbeResult(**known | fields)
