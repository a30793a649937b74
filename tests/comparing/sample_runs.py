"""Saved runs made by hand, for tests of what is compared in them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from speedscore.comparing import runs
from speedscore.comparing.finding_runs import RunSet
from speedscore.comparing.history import History
from speedscore.comparing.rows import RunComparison
from speedscore.comparing.saved_figures import load_figures
from speedscore.comparing.saved_run import SavedRun
from speedscore.host.fields import Scalar
from speedscore.record.measurement import Measurement
from speedscore.record.run_file import to_block
from speedscore.record.run_record import SCHEMA_VERSION, CaseResult, RunRecord
from speedscore.verdicts.settings import Settings
from tests.bench_suite.sample_cases import a_case

MACHINE: dict[str, Scalar] = {"cpu.model": "a processor", "cpu.logical": 2, "git.commit": "0123456789abcdef"}
_FIRST_DAY = datetime(2026, 12, 1, 12, tzinfo=UTC)


def timed(
    seconds: Sequence[float], *, framework: str = "jax", extra: Sequence[Measurement] = (), **fields: Any
) -> CaseResult:
    """A case whose processes took so long, one number each."""
    return a_case(framework, [[each] for each in seconds], extra=extra, **fields)


def measured(name: str, unit: Any, *samples: float, better: Any = "lower") -> Measurement:
    return Measurement(name=name, unit=unit, better=better, samples=samples)


def a_run(*cases: CaseResult, day: float = 0.0, environment: dict[str, Scalar] = MACHINE, **fields: Any) -> RunRecord:
    """A run of so many days after the first, in which all of its cases were measured."""
    created = (_FIRST_DAY + timedelta(days=day)).isoformat()
    known: dict[str, Any] = {"preset": "smoke", "in_process": False}
    return RunRecord(
        schema_version=SCHEMA_VERSION,
        created=created,
        seed=1,
        environment=environment,
        cases=tuple(msgspec.structs.replace(case, occasion=created) for case in cases),
        **known | fields,
    )


def save(path: Path, run: RunRecord) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"benchmarks": [], "speedscore": to_block(run)}))
    return path


def loaded(folder: Path, run: RunRecord) -> SavedRun:
    return load_figures(save(folder / f"{run.created[:19].replace(':', '')}.json", run))


def a_side(folder: Path, *runs: RunRecord, label: str = "a side") -> RunSet:
    return RunSet(label, tuple(loaded(folder, run) for run in runs))


def compare(
    base: RunSet, head: RunSet, *, earlier: Sequence[SavedRun], settings: Settings, allow: Collection[str]
) -> RunComparison:
    """As the command does, with a history of its own."""
    history = History(earlier, like=base.runs[0], allow=allow)
    return runs.compare(base, head, history=history, settings=settings, allow=allow)


def save_plain(path: Path, *, median: float = 0.1, day: float = 0.0, processor: str = "a processor") -> Path:
    """What pytest-benchmark itself saves, as much as is read of it."""
    document = {
        "machine_info": {"cpu": {"brand_raw": processor, "count": 2}, "python_version": "3.11.7"},
        "commit_info": {"id": "0123456789abcdef", "dirty": False},
        "benchmarks": [{"fullname": "tests/test_it.py::test_it", "stats": {"median": median, "data": [median]}}],
        "datetime": (_FIRST_DAY + timedelta(days=day)).isoformat(),
        "version": "5.3.1",
    }
    path.write_text(json.dumps(document))
    return path
