"""The saved form of a run: what crosses the seam between measuring and judging.

A saved run is pytest-benchmark's own JSON with one block of ours under the key ``speedscore``. This module says what
stands in that block and checks it once, when a record is made. It touches no file, never measures and never scores.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from speedscore.host.fields import Name, Scalar, Whole
from speedscore.record.descriptions import ProgramDescription, WorkerDescription
from speedscore.record.measurement import Measurement
from speedscore.record.metrics import Metric
from speedscore.record.phases import FLOAT32, PHASES, DeviceName, Phase, named_place
from speedscore.record.probe_result import ProbeResult

SCHEMA_VERSION = 2
"""Raised when a field changes its meaning or goes; a new optional field does not raise it.

2 (2026-11): a case has ``rounds``, each with its turn and process, in place of its own metric's samples and the lists
``turns`` and ``processes``; its ``metric`` follows from the phase; ``program`` and ``worker`` have named fields, and
``other`` for the rest. ``older_forms`` reads version 1.
1 (2026-11): the first form.
"""


Status = Literal["measured", "failed", "skipped"]


Style = Literal["idiomatic", "tuned", "multi-backend"]
"""How a program is written: as the documentation of its library teaches it, as the fastest way that was found, or in a
library that runs on several frameworks, as that one's documentation teaches it."""


class Round(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One sample of a case's own figure."""

    seconds: float
    """Of one step, call, pass or compilation, as the phase's metric says."""
    turn: Whole | None = None
    """Of the block: rounds of one turn are neighbours in time. None in version 1 where it was not kept."""
    process: Whole | None = None
    """Counts from 0: those of one number lived at the same time in all cases of a block. Processes with an even number
    began with empty compilation caches. None in version 1 where it was not kept."""

    def __post_init__(self) -> None:
        # A ratio needs more than 0, and no clock reads 0 over a whole round.
        if not 0.0 < self.seconds < float("inf"):
            raise ValueError(f"a round took {self.seconds} s; expected a finite time above 0")


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One quantity of a certificate, at the tensor that was furthest from its reference."""

    quantity: Literal[
        "parameter count",
        "forward outputs",
        "precision",
        "loss",
        "gradients",
        "parameters after five steps",
        "state after five steps",
        "optimizer",
        "second batch",
        "results",
        "other arguments",
        "after the rounds",
    ]
    tensor: str
    """Canonical name of the worst tensor, or an empty string for a single number."""
    error: float
    """Relative error; for the parameter count the absolute difference."""
    tolerance: float

    @property
    def passed(self) -> bool:
        return self.error <= self.tolerance


class Certificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The proof that a case computes what its workload says."""

    reference: str
    """How the reference values were made, as in ``float64 NumPy, by hand``."""
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def first_failure(self) -> Check | None:
        return next((check for check in self.checks if not check.passed), None)

    @property
    def worst_ratio(self) -> float:
        """The largest error over its tolerance: 1 is the limit, 0 is exact."""
        return max((check.error / check.tolerance if check.tolerance else check.error) for check in self.checks)


class CaseResult(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of one case of the matrix, measured or not."""

    id: Name
    """``framework-model-device``, the pytest id; where it is not float32, the precision stands before the device."""
    nodeid: Name
    framework: Name
    ecosystem: Name
    """The fixture folder that this framework belongs to: ``torch-compile`` belongs to ``pytorch``."""
    model: Name
    device: DeviceName
    phase: Phase
    precision: Name
    status: Status
    style: Style | None = None
    """None where the run is older than this field."""
    reason: str = ""
    """Why it was skipped or failed; empty when measured."""
    stopped: str = ""
    """Why the rounds ended: ``narrow`` (the interval was narrow enough), ``budget`` (the case's time was spent) or
    ``interrupted`` (the session was ended, and not all processes or rounds were measured)."""
    rounds: tuple[Round, ...] = ()
    """Of the case's own metric, in the order in which they were taken; empty when it was not measured."""
    measurements: tuple[Measurement, ...] = ()
    """Of every other metric."""
    machine: str = ""
    """The name, in the run's ``machines``, of the one it was measured on; empty where that is the run's own."""
    occasion: str = ""
    """When the session began in which this case was measured: cases of two occasions were no neighbours. It differs
    from the run's own ``created`` where a session was taken up again. Empty in version 1 where it was not kept."""
    flops: Whole = 0
    """Model FLOPs of one step or pass, by the workload's formula; 0 where the case is not about one."""
    steps_per_round: Whole = 0
    certificate: Certificate | None = None
    workload: dict[str, Scalar] = {}
    """The true shape: what the preset made of the model."""
    program: ProgramDescription = ProgramDescription()
    worker: WorkerDescription = WorkerDescription()

    def __post_init__(self) -> None:
        if self.status == "measured":
            if not self.rounds:
                raise ValueError(f"case {self.id!r} says it was measured but has no rounds of {self.metric.name!r}")
            if self.certificate is None or not self.certificate.passed:
                raise ValueError(f"case {self.id!r} says it was measured but has no passing certificate")
        elif not self.reason:
            raise ValueError(f"case {self.id!r} was {self.status} but gives no reason")
        if any(measurement.name == self.metric.name for measurement in self.measurements):
            raise ValueError(f"case {self.id!r} has samples of {self.metric.name!r} beside its rounds")

    @property
    def place(self) -> str:
        """Where and in what it computes: ``gpu``, ``gpu in bfloat16``."""
        return named_place(self.device, self.precision)

    @property
    def metric(self) -> Metric:
        """What its rounds measure, which follows from the phase."""
        return PHASES[self.phase].metric

    @property
    def rounds_seconds(self) -> tuple[float, ...]:
        """The figure of each round."""
        return tuple([round_.seconds for round_ in self.rounds])

    def find(self, name: str) -> Measurement | None:
        """The measurement of that name, that of its own metric made of the rounds; None where there is none."""
        if name == self.metric.name:
            return Measurement.of(self.metric, self.rounds_seconds) if self.rounds else None
        return next((measurement for measurement in self.measurements if measurement.name == name), None)


class Ratio(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many times as fast one framework is as another, in one phase of one model on one device in one precision."""

    phase: Phase
    model: Name
    device: DeviceName
    faster: Name
    slower: Name
    value: float
    """At least 1; the geometric mean over processes of the median over rounds that were neighbours in time."""
    low: float | None
    """Limits of the 95 % interval over processes; None where there was one process only. ``low`` may lie below 1."""
    high: float | None
    processes: Whole
    precision: Name = FLOAT32
    """A run that is older than this field had no other."""
    machine: str = ""
    """That both were measured on, as a case has it."""


class RunRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A saved session."""

    schema_version: int
    created: Name
    """ISO 8601 with a time zone."""
    preset: Name
    seed: Whole
    """Of the order in which the workers took turns."""
    in_process: bool
    """True when frameworks ran inside pytest: good for a debugger, not for a ranking."""
    environment: dict[str, Scalar]
    """The machine and the pytest side, as flat dotted names: ``cpu.model``, ``git.commit``. Where cases were
    measured on a fleet, this is the machine that led it."""
    cases: tuple[CaseResult, ...]
    ratios: tuple[Ratio, ...] = ()
    """Between each two frameworks that were measured side by side."""
    probes: tuple[ProbeResult, ...] = ()
    """Empty where the run is older than this field."""
    machines: dict[Name, dict[str, Scalar]] = {}
    """The other machines that cases were measured on, by a name that is theirs alone, each as in ``environment``."""

    def __post_init__(self) -> None:
        if self.schema_version != SCHEMA_VERSION:
            raise ValueError(
                f"schema version {self.schema_version} is not the {SCHEMA_VERSION} that this release reads"
            )
        nodeids = [*(case.nodeid for case in self.cases), *(probe.nodeid for probe in self.probes)]
        if len(nodeids) != len(set(nodeids)):
            raise ValueError("a case or a probe stands in the run twice")
        for case in self.cases:
            if case.machine and case.machine not in self.machines:
                raise ValueError(f"case {case.id!r} was measured on {case.machine!r}, which the run does not describe")
        for ratio in self.ratios:
            if ratio.machine and ratio.machine not in self.machines:
                raise ValueError(f"a ratio is of cases on {ratio.machine!r}, which the run does not describe")

    def environment_of(self, case: CaseResult) -> dict[str, Scalar]:
        """The machine that a case of this run was measured on, and its versions."""
        return self.machines[case.machine] if case.machine else self.environment
