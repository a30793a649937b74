"""A saved run as comparing sees it: for each case one number a fresh process, and the fields it must be read with.

Two kinds of files are read: our own, and pytest-benchmark's plain JSON without our block, each file of which was made
by one process. Rounds of one process are not independent, so no more than their median goes on from here. It compares
nothing.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from speedscore.host.fields import Scalar
from speedscore.record.metrics import Better, Metric, Unit
from speedscore.record.rounds import process_medians
from speedscore.record.run_file import BLOCK_KEY, RunFileError, load_run
from speedscore.record.run_record import CaseResult, Measurement
from speedscore.verdicts.counts import is_count

TIME = "time"
"""The metric of the case's own figure, whatever the saved run calls it."""

_PLAIN = Metric(TIME, unit="s", better="lower", title="seconds a round, as pytest-benchmark saves them")


class Figure(msgspec.Struct, frozen=True):
    """One metric of one case in one run."""

    unit: Unit
    better: Better
    by_process: tuple[float, ...]
    """One number a fresh process, in the unit; of what is counted, every count."""
    is_counted: bool = False
    """Whether it is compared as a count, without statistics; bytes can be counted too."""


class CaseFigures(msgspec.Struct, frozen=True):
    """What one run says of one case."""

    case: str
    """Node id of the test."""
    occasion: str
    """When it was measured. A session that was taken up again holds cases of the one before."""
    framework: str = ""
    model: str = ""
    device: str = ""
    reason: str = ""
    """Why there are no figures; empty where there are."""
    figures: dict[str, Figure] = {}
    """By metric; ``time`` stands first."""
    shape: dict[str, Scalar] = {}
    """What the preset made of the model."""
    reference: str = ""
    """What the case was certified against."""
    fields: dict[str, Scalar] = {}
    """Precision, and what the worker and the program said of themselves, as dotted names."""
    busy_processors: float = 0.0
    """How many other processes took before it was measured."""


class SavedRun(msgspec.Struct, frozen=True):
    path: str
    created: str
    """ISO 8601."""
    fields: dict[str, Scalar]
    """Of the machine and the session, as dotted names."""
    cases: dict[str, CaseFigures]
    """By node id."""


def load_figures(path: Path) -> SavedRun:
    """Read one saved run of either kind. Raises RunFileError naming the file and what is wrong with it."""
    try:
        document = msgspec.json.decode(path.read_bytes(), type=dict[str, msgspec.Raw])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        document = {}
    run = _load_plain(path) if BLOCK_KEY not in document and "benchmarks" in document else _load_own(path)
    for occasion in {run.created, *(case.occasion for case in run.cases.values())}:
        try:
            datetime.fromisoformat(occasion)
        except ValueError:
            raise RunFileError(f"{path}: expected a date and time in ISO 8601, found {occasion!r}") from None
    return run


def _load_own(path: Path) -> SavedRun:
    run = load_run(path)
    return SavedRun(
        path=str(path),
        created=run.created,
        fields={"preset": run.preset, "in_process": run.in_process, **run.environment},
        cases={case.nodeid: _of_case(case, created=run.created) for case in run.cases},
    )


def _of_case(case: CaseResult, *, created: str) -> CaseFigures:
    identity = CaseFigures(
        case=case.nodeid,
        occasion=case.occasion or created,
        framework=case.framework,
        model=case.model,
        device=case.device,
    )
    if case.status != "measured":
        return msgspec.structs.replace(identity, reason=f"{case.status}: {case.reason}")
    figures = {TIME: Figure(case.metric.unit, case.metric.better, process_medians(case.rounds))}
    for measurement in case.measurements:
        is_counted = measurement.unit == "count" or is_count(measurement.name)
        if is_counted or measurement.unit == "bytes":
            values = measurement.samples if is_counted else _one_a_process(measurement, case)
            figures[measurement.name] = Figure(measurement.unit, measurement.better, values, is_counted)
    return msgspec.structs.replace(
        identity,
        figures=figures,
        # The preset is a field of the run; what it made of the model is what must agree.
        shape={name: value for name, value in case.workload.items() if name != "preset"},
        reference=case.certificate.reference if case.certificate else "",
        busy_processors=case.worker.processors_busy_before or 0.0,
        fields={
            "precision": case.precision,
            **{f"worker.{name}": value for name, value in case.worker.fields().items()},
            **{f"program.{name}": value for name, value in case.program.fields().items()},
        },
    )


def _one_a_process(measurement: Measurement, case: CaseResult) -> tuple[float, ...]:
    """Where a run does not say which process a round ran in, its samples are of one as far as anybody knows."""
    known = all(round_.process is not None for round_ in case.rounds)
    return measurement.samples if known else (median(measurement.samples),)


class _Stats(msgspec.Struct, frozen=True):
    median: float


class _Benchmark(msgspec.Struct, frozen=True):
    fullname: str
    stats: _Stats


class _Plain(msgspec.Struct, frozen=True):
    """As much of pytest-benchmark's JSON as is needed. The median is there with and without the rounds."""

    benchmarks: tuple[_Benchmark, ...]
    datetime: str
    machine_info: dict[str, Any] = {}
    commit_info: dict[str, Any] = {}


def _load_plain(path: Path) -> SavedRun:
    try:
        plain = msgspec.json.decode(path.read_bytes(), type=_Plain)
    except (OSError, msgspec.DecodeError) as error:
        raise RunFileError(f"{path}: not a run that pytest-benchmark saved: {error}") from error
    return SavedRun(
        path=str(path),
        created=plain.datetime,
        fields=_plain_fields(plain),
        cases={
            benchmark.fullname: CaseFigures(
                case=benchmark.fullname,
                occasion=plain.datetime,
                figures={TIME: Figure(_PLAIN.unit, _PLAIN.better, (benchmark.stats.median,))},
            )
            for benchmark in plain.benchmarks
        },
    )


def _plain_fields(plain: _Plain) -> dict[str, Scalar]:
    """What a plain file tells, under the names that our own fields have."""
    machine, commit = plain.machine_info, plain.commit_info
    processor = machine.get("cpu")
    processor = processor if isinstance(processor, dict) else {}
    fields = {
        "cpu.model": processor.get("brand_raw") or processor.get("brand"),
        "cpu.logical": processor.get("count"),
        "system.name": machine.get("system"),
        "system.release": machine.get("release"),
        "system.machine": machine.get("machine"),
        "python.version": machine.get("python_version"),
        "git.commit": commit.get("id"),
        "git.dirty": commit.get("dirty"),
    }
    return {name: value for name, value in fields.items() if isinstance(value, str | int | float)}
