"""Saved files to what is compared in them: our own runs, and pytest-benchmark's plain JSON without our block.

It compares nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from statistics import median

import msgspec

from speedscore.comparing.plain_files import load_plain
from speedscore.comparing.saved_run import TIME, CaseFigures, Figure, SavedRun, moment
from speedscore.host.fields import Scalar
from speedscore.host.files import read_file
from speedscore.record.case_summary import CaseSummary, summaries_of
from speedscore.record.measurement import Measurement
from speedscore.record.phases import PHASES, group_name
from speedscore.record.run_file import BLOCK_KEY, RunFileError, load_saved
from speedscore.record.run_record import CaseResult, RunRecord
from speedscore.verdicts.counts import is_count


def load_figures(path: Path) -> SavedRun:
    """Read one saved run of either kind. Raises RunFileError naming the file and what is wrong with it."""
    return _dated(load_plain(path)) if _is_plain(path) else _of_file(path)


def _of_file(path: Path) -> SavedRun:
    file = load_saved(path)
    return figures_of(file.run, path=str(path), host=file.host)


def _dated(run: SavedRun) -> SavedRun:
    """The run, whose moments can be put in order. Raises RunFileError where one is no moment."""
    for occasion in {run.created, *(case.occasion for case in run.cases.values())}:
        try:
            moment(occasion)
        except (ValueError, OverflowError, OSError):
            raise RunFileError(f"{run.path}: expected a date and time in ISO 8601, found {occasion!r}") from None
    return run


def _is_plain(path: Path) -> bool:
    """Whether pytest-benchmark saved it without us. False for what cannot be read."""
    try:
        text = read_file(path)
        try:
            names = set(msgspec.json.decode(text, type=dict[str, msgspec.Raw]))
        except msgspec.DecodeError:  # NaN, say, which is no JSON and which pytest-benchmark writes
            names = set(json.loads(text))
    except (OSError, ValueError, TypeError, RecursionError):
        return False
    return "benchmarks" in names and BLOCK_KEY not in names


def figures_of(
    run: RunRecord, *, path: str, host: str = "", summaries: Mapping[str, CaseSummary] | None = None
) -> SavedRun:
    """What is compared of a run that has been read from ``path``. Raises RunFileError for what is no moment in it.

    ``host`` is as in ``SavedFile``. ``summaries`` are its cases', by node id, where somebody has made them.
    """
    if summaries is None:
        summaries = summaries_of(run)
    of_session: dict[str, Scalar] = {"preset": run.preset, "in_process": run.in_process}
    figures = SavedRun(
        path=path,
        created=run.created,
        fields={**of_session, **run.environment},
        cases={
            case.nodeid: _of_case(case, summaries[case.nodeid], created=run.created, host=host) for case in run.cases
        },
        seed=run.seed,
        machines={name: {**of_session, **environment} for name, environment in run.machines.items()},
    )
    return _dated(figures)


def _of_case(case: CaseResult, summary: CaseSummary, *, created: str, host: str) -> CaseFigures:
    identity = CaseFigures(
        case=case.nodeid,
        occasion=case.occasion or created,
        framework=case.framework,
        model=case.model,
        device=case.device,
        group=group_name(case.phase, case.model, case.device, case.precision),
        machine=case.machine,
        host=host if case.occasion in ("", created) else "",
    )
    if case.status != "measured":
        return msgspec.structs.replace(identity, reason=f"{case.status}: {case.reason}")
    figures = {TIME: Figure(case.metric.unit, case.metric.better, summary.medians)}
    for measurement in case.measurements:
        is_counted = measurement.unit == "count" or is_count(measurement.name)
        if is_counted or measurement.unit == "bytes":
            values = measurement.samples if is_counted else _one_a_process(measurement, case)
            figures[measurement.name] = Figure(measurement.unit, measurement.better, values, is_counted)
    return msgspec.structs.replace(
        identity,
        figures=figures,
        # The preset is a field of the run; what it made of the model is what must agree.
        shape={name: value for name, value in case.workload.items() if name != "preset"} | _beginning(case),
        reference=case.certificate.reference if case.certificate else "",
        busy_processors=case.worker.processors_busy_before or 0.0,
        quota_periods=case.worker.quota_periods or 0,
        throttled_periods=case.worker.throttled_periods or 0,
        fields={
            "precision": case.precision,
            **{f"worker.{name}": value for name, value in summary.worker.items()},
            **{f"program.{name}": value for name, value in summary.program.items()},
        },
    )


def _beginning(case: CaseResult) -> dict[str, Scalar]:
    """What time to the first step begins before: in earlier runs it left out what the optimizer takes."""
    spec = PHASES.get(case.phase)
    if spec is None or not spec.compiles or case.find(spec.compile_metric_name("optimizer_state_seconds")) is None:
        return {}
    return {"timed_from_before": "the optimizer"}


def _one_a_process(measurement: Measurement, case: CaseResult) -> tuple[float, ...]:
    """Where a run does not say which process a round ran in, its samples are of one as far as anybody knows."""
    known = all(round_.process is not None for round_ in case.rounds)
    return measurement.samples if known else (median(measurement.samples),)
