"""Measured cases and saved runs made by hand, for tests of what is computed from them, compared and printed.

``tests/scoring/sample_runs.py`` and ``tests/comparing/sample_runs.py`` build upon it what their tests are about.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from speedscore.host.fields import Scalar
from speedscore.record.descriptions import ProgramDescription, WorkerDescription
from speedscore.record.measurement import Measurement
from speedscore.record.phases import Phase
from speedscore.record.run_file import BLOCK_KEY, to_block
from speedscore.record.run_record import SCHEMA_VERSION, CaseResult, Certificate, Check, Round, RunRecord

CERTIFICATE = Certificate(
    reference="float64 NumPy, by hand", checks=(Check(quantity="loss", tensor="", error=1e-7, tolerance=1e-5),)
)
MACHINE: dict[str, Scalar] = {"cpu.model": "a processor", "cpu.logical": 2, "git.commit": "0123456789abcdef"}
FIRST_DAY = datetime(2026, 12, 1, 12, tzinfo=UTC)


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
        "nodeid": f"bench_suite/test_{phase}.py::test_{phase}[{framework}-{model}]",
        "ecosystem": framework,
        "device": "cpu",
        "precision": "float32",
        "occasion": FIRST_DAY.isoformat(),
        "stopped": "narrow",
        "workload": {"preset": "smoke", "cut": "none", "batch": 8},
    }
    return CaseResult(
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


def timed(
    seconds: Sequence[float], *, framework: str = "jax", extra: Sequence[Measurement] = (), **fields: Any
) -> CaseResult:
    """A case whose processes took so long, one number each."""
    return a_case(framework, [[each] for each in seconds], extra=extra, **fields)


def measured(name: str, unit: Any, *samples: float, better: Any = "lower") -> Measurement:
    return Measurement(name=name, unit=unit, better=better, samples=samples)


def a_run(*cases: CaseResult, day: float = 0.0, environment: dict[str, Scalar] = MACHINE, **fields: Any) -> RunRecord:
    """A run of so many days after the first, in which all of its cases were measured."""
    created = (FIRST_DAY + timedelta(days=day)).isoformat()
    known: dict[str, Any] = {"preset": "smoke", "in_process": False}
    return RunRecord(
        schema_version=SCHEMA_VERSION,
        created=created,
        seed=1,
        environment=environment,
        cases=tuple(msgspec.structs.replace(case, occasion=created) for case in cases),
        **known | fields,
    )


def save(path: Path, run: RunRecord, *, host: str = "") -> Path:
    """What a session would write of ``run``, on one line; ``host`` is what its machine is called."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = {"machine_info": {"node": host}} if host else {}
    path.write_text(json.dumps({**beside, "benchmarks": [], BLOCK_KEY: to_block(run)}))
    return path
