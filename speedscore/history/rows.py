"""A saved run as the rows of every table. Nothing is estimated here that the record's own functions do not give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from speedscore.history.machines import machine_id
from speedscore.host.fields import Scalar, as_text
from speedscore.record.content_id import content_id
from speedscore.record.machines import apart_by_machine
from speedscore.record.measurement import Measurement
from speedscore.record.moments import utc
from speedscore.record.probe_result import ProbeResult
from speedscore.record.rounds import figure_of, rounds_by_process
from speedscore.record.run_file import RunFileError
from speedscore.record.run_record import CaseResult, Ratio, RunRecord

Row = dict[str, Any]
"""By column; those of ``tables.PARTITION`` are not in it."""


def rows_by_partition(run: RunRecord) -> list[tuple[dict[str, str], dict[str, list[Row]]]]:
    """Every row of the run once: what its rows begin with, by column, and table → the rows that begin so.

    Cases, ratios and machines stand under the machine that they are of; the run itself and its probes under the run's
    own, which comes first. Raises as ``rows_of`` and ``partition_of``.
    """
    run_id = content_id(run)
    found: dict[tuple[str, ...], tuple[dict[str, str], dict[str, list[Row]]]] = {}
    for machine, part in apart_by_machine(run).items():
        partition, tables = partition_of(part), _tables(part, machine=machine)
        tables["runs"] = [] if machine else [_run(run)]
        _, gathered = found.setdefault(tuple(partition.values()), (partition, {name: [] for name in tables}))
        for name, own in tables.items():
            gathered[name] += ({"run_id": run_id} | row for row in own)
    return list(found.values())


def partition_of(run: RunRecord) -> dict[str, str]:
    """What the rows of the run's own machine begin with, by column.

    Raises RunFileError where it is not known when it was made.
    """
    created = utc(run.created)
    if created is None:
        raise RunFileError("the run does not say when it was made")
    return {
        "machine_id": machine_id(run.environment),
        "month": f"{created:%Y-%m}",
    }


def rows_of(run: RunRecord) -> dict[str, list[Row]]:
    """Table → its rows, of all machines, in the order of the record.

    Raises RunFileError for a moment that is no date and time.
    """
    rows: dict[str, list[Row]] = {}
    for _, tables in rows_by_partition(run):
        for name, own in tables.items():
            rows.setdefault(name, []).extend(own)
    return rows


def _tables(run: RunRecord, *, machine: str) -> dict[str, list[Row]]:
    """Of a run with the cases of that machine alone."""
    return {
        "runs": [],
        "machines": [_machine(run, machine)],
        "cases": [_case(case) for case in run.cases],
        "rounds": [row for case in run.cases for row in _rounds(case)],
        "measurements": [
            *(row for case in run.cases for each in case.measurements for row in _samples(each, **_of_case(case))),
            *(row for probe in run.probes for each in probe.measurements for row in _samples(each, **_of_probe(probe))),
        ],
        "ratios": [_ratio(ratio) for ratio in run.ratios],
        "probes": [_probe(probe) for probe in run.probes],
        "checks": [row for case in run.cases for row in _checks(case)],
    }


def _run(run: RunRecord) -> Row:
    known = run.environment
    statuses = [case.status for case in run.cases]
    return {
        "created_utc": utc(run.created),
        "preset": run.preset,
        "seed": run.seed,
        "in_process": run.in_process,
        "processor": as_text(known.get("cpu.model")),
        "python_version": as_text(known.get("python.version")),
        "git_commit": as_text(known.get("git.commit")),
        "git_dirty": dirty if isinstance(dirty := known.get("git.dirty"), bool) else None,
        "measured_cases": statuses.count("measured"),
        "failed_cases": statuses.count("failed"),
        "skipped_cases": statuses.count("skipped"),
        "environment": _as_map(known),
    }


def _machine(run: RunRecord, machine: str) -> Row:
    known = run.environment
    return {
        "machine": machine,
        "processor": as_text(known.get("cpu.model")),
        "python_version": as_text(known.get("python.version")),
        "measured_cases": sum(case.status == "measured" for case in run.cases),
        "environment": _as_map(known),
    }


def _of_case(case: CaseResult) -> Row:
    return {
        "nodeid": case.nodeid,
        "framework": case.framework,
        "model": case.model,
        "device": case.device,
        "phase": case.phase,
        "precision": case.precision,
    }


def _of_probe(probe: ProbeResult) -> Row:
    return {
        "nodeid": probe.nodeid,
        "framework": probe.framework,
        "device": probe.device,
        "family": probe.family,
    }


def _case(case: CaseResult) -> Row:
    certificate = case.certificate
    return {
        **_of_case(case),
        "machine": case.machine,
        "ecosystem": case.ecosystem,
        "style": case.style,
        "status": case.status,
        "reason": case.reason,
        "stopped": case.stopped,
        "occasion_utc": utc(case.occasion),
        "metric": case.metric.name,
        "seconds": figure_of(case, case.metric.name),
        "rounds_count": len(case.rounds),
        "processes_count": len(rounds_by_process(case.rounds)),
        "flops": case.flops,
        "steps_per_round": case.steps_per_round,
        "reference": certificate.reference if certificate else None,
        "worst_error_over_tolerance": certificate.worst_ratio if certificate and certificate.checks else None,
        "workload": _as_map(case.workload),
        "program": _as_map(case.program.fields()),
        "worker": _as_map(case.worker.fields()),
    }


def _rounds(case: CaseResult) -> Iterator[Row]:
    shared = _of_case(case) | {"occasion_utc": utc(case.occasion), "metric": case.metric.name}
    for index, each in enumerate(case.rounds):
        yield shared | {
            "round_index": index,
            "seconds": each.seconds,
            "turn": each.turn,
            "process": each.process,
        }


def _samples(measurement: Measurement, **of: Any) -> Iterator[Row]:
    for index, value in enumerate(measurement.samples):
        yield {
            **of,
            "metric": measurement.name,
            "unit": measurement.unit,
            "better": measurement.better,
            "sample_index": index,
            "value": value,
        }


def _ratio(ratio: Ratio) -> Row:
    return {
        "phase": ratio.phase,
        "model": ratio.model,
        "device": ratio.device,
        "precision": ratio.precision,
        "faster": ratio.faster,
        "slower": ratio.slower,
        "ratio": ratio.value,
        "ratio_low": ratio.low,
        "ratio_high": ratio.high,
        "processes_count": ratio.processes,
        "machine": ratio.machine,
    }


def _probe(probe: ProbeResult) -> Row:
    return {
        **_of_probe(probe),
        "ecosystem": probe.ecosystem,
        "subject": probe.subject,
        "target": probe.target,
        "status": probe.status,
        "outcome": probe.outcome,
        "reason": probe.reason,
        "occasion_utc": utc(probe.occasion),
        "seconds": list(probe.seconds),
        "observations": _as_map(probe.observations),
        "versions": _as_map(probe.versions),
    }


def _checks(case: CaseResult) -> Iterator[Row]:
    for check in case.certificate.checks if case.certificate else ():
        yield {
            **_of_case(case),
            "quantity": check.quantity,
            "tensor": check.tensor,
            "error": check.error,
            "tolerance": check.tolerance,
            "passed": check.passed,
        }


def _as_map(fields: Mapping[str, Scalar]) -> list[tuple[str, str | None]]:
    """Arrow's form of a map. Values of several types become one: text, with truth as SQL writes it."""
    return [(name, as_text(value)) for name, value in fields.items()]
