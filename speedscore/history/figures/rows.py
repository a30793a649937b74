"""A saved run as the rows of every table. Nothing is estimated here that the record's own functions do not give.

Rows come in blocks, for the rounds of a case have most of their columns in common, and a history has millions of them:
what they share is said once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from speedscore.history.figures.machines import machine_id
from speedscore.host.fields import Scalar, as_text
from speedscore.record.case_summary import CaseSummary, summaries_of
from speedscore.record.machines import apart_by_machine
from speedscore.record.measurement import Measurement
from speedscore.record.moments import utc
from speedscore.record.probe_result import ProbeResult
from speedscore.record.rounds import figure_over_processes
from speedscore.record.run_file import RunFileError
from speedscore.record.run_record import CaseResult, Check, Ratio, RunRecord

Row = dict[str, Any]
"""By column; those of ``tables.PARTITION`` are not in it. A map of SQL is one of Python."""


class Block(msgspec.Struct, frozen=True, gc=False):
    """Rows of one table that stand together; at least one."""

    shared: Row
    """What is the same in all of them; every column of the table that is not their own."""
    own: dict[str, Sequence[Any]] = {}
    """By column, the values of each; of one table always the same columns."""

    @property
    def count(self) -> int:
        """Of its rows; a block without columns of their own is one row."""
        return len(next(iter(self.own.values()))) if self.own else 1

    def rows(self) -> Iterator[Row]:
        for values in zip(*self.own.values(), strict=True) if self.own else [()]:
            yield self.shared | dict(zip(self.own, values, strict=True))


Blocks = dict[str, list[Block]]
"""By table, whether it has rows or not."""


_OF_NO_PROBE: Row = {"family": None}
_OF_NO_CASE: Row = {"model": None, "phase": None, "precision": None}
"""Of measurements, columns that only those of the others have."""


def blocks_by_partition(
    run: RunRecord, run_id: str, summaries: Mapping[str, CaseSummary] | None = None
) -> list[tuple[dict[str, str], Blocks]]:
    """Every row of the run once: what its rows begin with, by column, and the rows that begin so.

    ``summaries`` are its cases', by node id, where somebody has made them.

    Cases, ratios and machines stand under the machine that they are of; the run itself and its probes under the run's
    own, which comes first. Raises RunFileError as ``partition_of``, and for a moment that is no date and time.
    """
    if summaries is None:
        summaries = summaries_of(run)
    found: dict[tuple[str, ...], tuple[dict[str, str], Blocks]] = {}
    for machine, part in apart_by_machine(run).items():
        partition, tables = partition_of(part), _tables(part, run_id, summaries, machine=machine)
        if not machine:
            environment = tables["machines"][0].shared["environment"]
            tables["runs"] = [Block(_run(run, run_id, environment=environment))]
        _, gathered = found.setdefault(tuple(partition.values()), (partition, {name: [] for name in tables}))
        for name, own in tables.items():
            gathered[name] += own
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


def _tables(run: RunRecord, run_id: str, summaries: Mapping[str, CaseSummary], *, machine: str) -> Blocks:
    """Of a run with the cases of that machine alone."""
    cases = [(case, {"run_id": run_id, **_of_case(case)}) for case in run.cases]
    probes = [(probe, {"run_id": run_id, **_of_probe(probe)}) for probe in run.probes]
    return {
        "runs": [],
        "machines": [Block(_machine(run, run_id, machine=machine))],
        "cases": [Block(_case(case, shared, summaries[case.nodeid])) for case, shared in cases],
        "rounds": [_rounds(case, shared) for case, shared in cases if case.rounds],
        "measurements": [
            *(_samples(each, _OF_NO_PROBE | shared) for case, shared in cases for each in case.measurements),
            *(_samples(each, _OF_NO_CASE | shared) for probe, shared in probes for each in probe.measurements),
        ],
        "ratios": [Block(_ratio(ratio, run_id)) for ratio in run.ratios],
        "probes": [Block(_probe(probe, shared)) for probe, shared in probes],
        "checks": [
            _checks(case.certificate.checks, shared)
            for case, shared in cases
            if case.certificate and case.certificate.checks
        ],
    }


def _run(run: RunRecord, run_id: str, *, environment: dict[str, str | None]) -> Row:
    """``environment`` is the run's own as a map of SQL."""
    known = run.environment
    statuses = [case.status for case in run.cases]
    return {
        "run_id": run_id,
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
        "environment": environment,
    }


def _machine(run: RunRecord, run_id: str, *, machine: str) -> Row:
    known = run.environment
    return {
        "run_id": run_id,
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


def _case(case: CaseResult, shared: Row, summary: CaseSummary) -> Row:
    certificate, medians = case.certificate, summary.medians
    return {
        **shared,
        "machine": case.machine,
        "ecosystem": case.ecosystem,
        "style": case.style,
        "status": case.status,
        "reason": case.reason,
        "stopped": case.stopped,
        "occasion_utc": utc(case.occasion),
        "metric": case.metric.name,
        "seconds": figure_over_processes(medians) if medians else None,
        "rounds_count": len(case.rounds),
        "processes_count": len(medians),
        "flops": case.flops,
        "steps_per_round": case.steps_per_round,
        "reference": certificate.reference if certificate else None,
        "worst_error_over_tolerance": certificate.worst_ratio if certificate and certificate.checks else None,
        "workload": _as_map(case.workload),
        "program": _as_map(summary.program),
        "worker": _as_map(summary.worker),
    }


def _rounds(case: CaseResult, shared: Row) -> Block:
    return Block(
        {**shared, "occasion_utc": utc(case.occasion), "metric": case.metric.name},
        {
            "round_index": range(len(case.rounds)),
            "seconds": case.rounds_seconds,
            "turn": [each.turn for each in case.rounds],
            "process": [each.process for each in case.rounds],
        },
    )


def _samples(measurement: Measurement, shared: Row) -> Block:
    return Block(
        {**shared, "metric": measurement.name, "unit": measurement.unit, "better": measurement.better},
        {"sample_index": range(len(measurement.samples)), "value": measurement.samples},
    )


def _ratio(ratio: Ratio, run_id: str) -> Row:
    return {
        "run_id": run_id,
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


def _probe(probe: ProbeResult, shared: Row) -> Row:
    return {
        **shared,
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


def _checks(checks: Sequence[Check], shared: Row) -> Block:
    return Block(
        shared,
        {
            "quantity": [check.quantity for check in checks],
            "tensor": [check.tensor for check in checks],
            "error": [check.error for check in checks],
            "tolerance": [check.tolerance for check in checks],
            "passed": [check.passed for check in checks],
        },
    )


def _as_map(fields: Mapping[str, Scalar]) -> dict[str, str | None]:
    """Values of several types become one: text, with truth as SQL writes it."""
    return {name: value if type(value) is str else as_text(value) for name, value in fields.items()}
