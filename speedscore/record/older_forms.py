"""Reads the block of a saved run in whatever version it was written, and gives it the present form.

An older form is described by its own types, so that it is checked as strictly as the present one. Nothing is invented
on the way: what an older run did not say stays unknown. Adding a version: the types of the one before, a function that
converts it, and a line in ``_READERS``.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat

import msgspec

from speedscore.host.fields import Name, Scalar, Whole
from speedscore.record.descriptions import ProgramDescription, WorkerDescription
from speedscore.record.measurement import Measurement
from speedscore.record.phases import PHASES, DeviceName, Phase
from speedscore.record.run_record import SCHEMA_VERSION, CaseResult, Certificate, Ratio, Round, RunRecord, Status


class _Version(msgspec.Struct, frozen=True):
    """As much of a block as says which form it has."""

    schema_version: int


class _Case1(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A case of version 1: the rounds are samples of one of the measurements and two lists beside it."""

    id: Name
    nodeid: Name
    framework: Name
    ecosystem: Name
    model: Name
    device: DeviceName
    phase: Phase
    precision: Name
    status: Status
    reason: str = ""
    stopped: str = ""
    metric: str = ""
    measurements: tuple[Measurement, ...] = ()
    turns: tuple[Whole, ...] = ()
    processes: tuple[Whole, ...] = ()
    occasion: str = ""
    flops: Whole = 0
    steps_per_round: Whole = 0
    certificate: Certificate | None = None
    workload: dict[str, Scalar] = {}
    program: dict[str, Scalar] = {}
    worker: dict[str, Scalar] = {}


class _Run1(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A run of version 1."""

    schema_version: int
    created: Name
    preset: Name
    seed: Whole
    in_process: bool
    environment: dict[str, Scalar]
    cases: tuple[_Case1, ...]
    ratios: tuple[Ratio, ...] = ()


def decode_block(block: bytes | msgspec.Raw) -> RunRecord:
    """The run of a JSON block. Raises DecodeError where it is damaged, contradicts itself or has an unknown version."""
    version = msgspec.json.decode(block, type=_Version).schema_version
    read = _READERS.get(version)
    if read is None:
        known = " or ".join(map(str, _READERS))
        raise msgspec.ValidationError(
            f"schema version {version} is not one that this release reads ({known}); read it with the version of "
            "speedscore that wrote it"
        )
    return read(block)


def _read_version_1(block: bytes | msgspec.Raw) -> RunRecord:
    run = msgspec.json.decode(block, type=_Run1)
    try:
        return RunRecord(
            schema_version=SCHEMA_VERSION,
            created=run.created,
            preset=run.preset,
            seed=run.seed,
            in_process=run.in_process,
            environment=run.environment,
            cases=tuple(_case_of_version_1(case) for case in run.cases),
            ratios=run.ratios,
        )
    except ValueError as error:
        raise msgspec.ValidationError(str(error)) from error


def _case_of_version_1(case: _Case1) -> CaseResult:
    metric = PHASES[case.phase].metric
    if case.status == "measured" and case.metric != metric.name:
        raise ValueError(f"case {case.id!r} of {case.phase} is about {case.metric!r}, and not {metric.name!r}")
    return CaseResult(
        id=case.id,
        nodeid=case.nodeid,
        framework=case.framework,
        ecosystem=case.ecosystem,
        model=case.model,
        device=case.device,
        phase=case.phase,
        precision=case.precision,
        status=case.status,
        reason=case.reason,
        stopped=case.stopped,
        rounds=_rounds_of_version_1(case),
        measurements=tuple(measurement for measurement in case.measurements if measurement.name != metric.name),
        occasion=case.occasion,
        flops=case.flops,
        steps_per_round=case.steps_per_round,
        certificate=case.certificate,
        workload=case.workload,
        program=ProgramDescription.from_fields(case.program),
        worker=WorkerDescription.from_fields(case.worker),
    )


def _rounds_of_version_1(case: _Case1) -> tuple[Round, ...]:
    """The first runs of version 1 have no processes, and some no turns: both are then unknown for every round."""
    metric_samples = [measurement.samples for measurement in case.measurements if measurement.name == case.metric]
    samples = metric_samples[0] if metric_samples else ()
    for name, numbers in (("turns", case.turns), ("processes", case.processes)):
        if samples and numbers and len(numbers) != len(samples):
            raise ValueError(
                f"case {case.id!r} has {len(samples)} rounds and {len(numbers)} {name}; one each is expected"
            )
    return tuple(
        Round(seconds, turn=turn, process=process)
        for seconds, turn, process in zip(
            samples, case.turns or repeat(None), case.processes or repeat(None), strict=False
        )
    )


def _read_version_2(block: bytes | msgspec.Raw) -> RunRecord:
    return msgspec.json.decode(block, type=RunRecord)


_READERS: dict[int, Callable[[bytes | msgspec.Raw], RunRecord]] = {1: _read_version_1, SCHEMA_VERSION: _read_version_2}
