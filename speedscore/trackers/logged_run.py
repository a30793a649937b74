"""A saved run as every tracker gets it: names with texts, numbers and series. It logs nothing and knows no tracker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from pathlib import Path
from statistics import median
from typing import TypeVar, get_args

import msgspec

from speedscore.comparing.reading_runs import RunFile
from speedscore.host.fields import Scalar, as_text
from speedscore.record.machines import measured_by_machine
from speedscore.record.moments import utc
from speedscore.record.phases import FLOAT32
from speedscore.record.probe_result import ProbeStatus
from speedscore.record.rounds import figure_of
from speedscore.record.run_record import CaseResult, RunRecord, Status
from speedscore.text.wrapping import shortened
from speedscore.trackers import names
from speedscore.trackers.errors import TrackerError

MOST_CHARACTERS = 6_000
"""Of a text: what MLflow takes. The whole stands in the saved run."""

_T = TypeVar("_T")


class LoggedRun(msgspec.Struct, frozen=True):
    """Every number is the record's or computed from it by the record's own functions, and none is rounded."""

    id: str
    """Of the content: a run that is logged again has the same."""
    title: str
    """For people, and safe as a file's name."""
    created_seconds: float
    """Since the epoch."""
    file: Path
    texts: dict[str, str]
    """By names of ``names.PARAMETERS``."""
    numbers: dict[str, float]
    """By names of ``names.METRICS``, but for rounds."""
    series: dict[str, tuple[float, ...]]
    """The rounds, by name; each begins with step 0."""


def logged_run(file: RunFile) -> LoggedRun:
    """What is logged of a saved run. Raises TrackerError where two things of it would have one name."""
    run = file.record
    created = utc(run.created)
    if created is None:
        raise TrackerError(f"{file.path}: the run does not say when it was made")
    return LoggedRun(
        id=file.id,
        title=f"{created:%Y-%m-%dT%H-%M-%S}-{names.part(run.preset)}-{file.id}",
        created_seconds=created.replace(tzinfo=UTC).timestamp(),
        file=file.path,
        texts=_distinct(_texts(run, run_id=file.id), file.path),
        numbers=_distinct(_numbers(run), file.path),
        series=_distinct(
            ((names.ROUND.of(**_of(case), metric=case.metric.name), case.rounds_seconds) for case in _measured(run)),
            file.path,
        ),
    )


def _texts(run: RunRecord, *, run_id: str) -> Iterator[tuple[str, str]]:
    fields: dict[str, Scalar] = {
        "id": run_id,
        "created": run.created,
        "preset": run.preset,
        "seed": run.seed,
        "in_process": run.in_process,
    }
    for name, values in ((names.RUN, fields), (names.ENVIRONMENT, run.environment)):
        for field, text in _of_fields(values):
            yield name.of(field=field), text
    for machine in measured_by_machine(run):
        if machine:
            for field, text in _of_fields(run.machines[machine]):
                yield names.MACHINE.of(machine=machine, field=field), text


def _of_fields(fields: Mapping[str, Scalar]) -> Iterator[tuple[str, str]]:
    for field, value in fields.items():
        # An empty text is none to MLflow and Weights & Biases alike.
        if text := as_text(value):
            yield field, shortened(text, MOST_CHARACTERS)


def _numbers(run: RunRecord) -> Iterator[tuple[str, float]]:
    for case in _measured(run):
        for metric in (case.metric.name, *(measurement.name for measurement in case.measurements)):
            figure = figure_of(case, metric)
            assert figure is not None, "a metric that was just found"
            yield names.FIGURE.of(**_of(case), metric=metric), figure
        if case.certificate:
            yield names.CHECK.of(**_of(case)), case.certificate.worst_ratio
    yield from _ratios(run)
    for probe in run.probes:
        for measurement in probe.measurements:
            name = names.PROBE.of(family=probe.family, id=probe.id, metric=measurement.name)
            yield name, median(measurement.samples)
    yield from _statuses(run)


def _ratios(run: RunRecord) -> Iterator[tuple[str, float]]:
    for ratio in run.ratios:
        limits = {"times_as_fast": ratio.value, "times_as_fast_low": ratio.low, "times_as_fast_high": ratio.high}
        for limit, value in limits.items():
            if value is not None:
                name = names.RATIO.of(
                    phase=ratio.phase,
                    model=ratio.model,
                    device=_device(ratio.device, ratio.precision, ratio.machine),
                    faster=ratio.faster,
                    slower=ratio.slower,
                    limit=limit,
                )
                yield name, value


def _statuses(run: RunRecord) -> Iterator[tuple[str, float]]:
    cases = [case.status for case in run.cases]
    probes = [probe.status for probe in run.probes]
    for status in get_args(Status):
        yield names.STATUS.of(status=status, what="cases"), float(cases.count(status))
    for status in get_args(ProbeStatus):
        yield names.STATUS.of(status=status, what="probes"), float(probes.count(status))


def _measured(run: RunRecord) -> Iterator[CaseResult]:
    return (case for case in run.cases if case.status == "measured")


def _of(case: CaseResult) -> dict[str, str]:
    device = _device(case.device, case.precision, case.machine)
    return {"phase": case.phase, "model": case.model, "framework": case.framework, "device": device}


def _device(device: str, precision: str, machine: str) -> str:
    """As it stands in a case's id, so that float32 keeps the names that it had. Where it is not the run's own machine
    that is said, for a tracker joins what has one name in two runs."""
    place = device if precision == FLOAT32 else f"{precision}-{device}"
    return f"on-{names.part(machine, most_letters=names.MOST_MACHINE_LETTERS)}-{place}" if machine else place


def _distinct(pairs: Iterator[tuple[str, _T]], path: Path) -> dict[str, _T]:
    found: dict[str, _T] = {}
    for name, value in pairs:
        if name in found:
            raise TrackerError(f"{path}: two things in it would be logged as {name}; log a run that has each case once")
        found[name] = value
    return found
