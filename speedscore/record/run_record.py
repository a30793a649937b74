"""The saved form of a run: what crosses the seam between measuring and judging.

A saved run is pytest-benchmark's own JSON with one block of ours under the key ``speedscore``. This module says what
stands in that block, reads it, checks it once, and writes whole files atomically. It never measures, never scores, and
never repairs a file that it cannot read: a damaged run is refused with the file's name and the reason.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from speedscore.host.fields import Scalar

SCHEMA_VERSION = 1
"""Raised when a field changes its meaning or goes; a new optional field does not raise it.

1 (2026-11): the first form.
"""


Status = Literal["measured", "failed", "skipped"]


class Measurement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One metric of one case, with the raw samples that it rests on."""

    name: str
    """Says quantity, definition and unit, as in ``peak_rss_running_bytes``."""
    unit: Literal["s", "bytes", "count"]
    better: Literal["lower", "higher"]
    samples: tuple[float, ...]
    """In the order in which they were taken; at least one."""

    def __post_init__(self) -> None:
        if not self.samples:
            raise ValueError(f"measurement {self.name!r} has no samples; leave an unknown metric out instead")
        if not all(0.0 <= sample < float("inf") for sample in self.samples):
            raise ValueError(f"measurement {self.name!r} has a sample that is negative or not finite")


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One quantity of a certificate, at the tensor that was furthest from its reference."""

    quantity: Literal["parameter count", "forward outputs", "loss", "gradients", "parameters after five steps"]
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

    id: str
    """``framework-model-device``, the pytest id."""
    nodeid: str
    framework: str
    ecosystem: str
    """The fixture folder that this framework belongs to: ``torch-compile`` belongs to ``pytorch``."""
    model: str
    device: Literal["cpu", "gpu", "tpu"]
    phase: str
    precision: str
    status: Status
    reason: str = ""
    """Why it was skipped or failed; empty when measured."""
    stopped: str = ""
    """Why the rounds ended: ``narrow`` (the interval was narrow enough) or ``budget`` (the case's time was spent)."""
    metric: str = ""
    """Name of the measurement that the case is about; its samples are the rounds."""
    measurements: tuple[Measurement, ...] = ()
    turns: tuple[int, ...] = ()
    """For each round the turn of its block in which it ran: rounds of one turn are neighbours in time."""
    processes: tuple[int, ...] = ()
    """For each round the process that ran it, from 0: those of one number lived at the same time in all cases of a
    block. Processes with an even number began with empty compilation caches. Empty in runs from before 2026-12."""
    occasion: str = ""
    """When the session began in which this case was measured: cases of two occasions were no neighbours. It differs
    from the run's own ``created`` where a session was taken up again. Empty in runs from before 2026-12."""
    flops: int = 0
    """Model FLOPs of one step or pass, by the workload's formula; 0 where the case is not about one."""
    steps_per_round: int = 0
    certificate: Certificate | None = None
    workload: dict[str, Scalar] = {}
    """The true shape: what the preset made of the model."""
    program: dict[str, Scalar] = {}
    """What ran: variant, layout, optimizer form, attention kernel, platform, final loss."""
    worker: dict[str, Scalar] = {}
    """The worker's own environment as observed: versions, affinity, threads, flags."""

    def __post_init__(self) -> None:
        if self.status == "measured":
            if self.find(self.metric) is None:
                raise ValueError(f"case {self.id!r} says it was measured but has no samples of {self.metric!r}")
            if self.certificate is None or not self.certificate.passed:
                raise ValueError(f"case {self.id!r} says it was measured but has no passing certificate")
        elif not self.reason:
            raise ValueError(f"case {self.id!r} was {self.status} but gives no reason")

    def find(self, name: str) -> Measurement | None:
        """The measurement of that name, or None."""
        return next((measurement for measurement in self.measurements if measurement.name == name), None)

    @property
    def rounds(self) -> tuple[float, ...]:
        """The samples of the case's own metric; empty when it was not measured."""
        found = self.find(self.metric)
        return found.samples if found else ()


class Ratio(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many times as fast one framework is as another, in one phase of one model on one device."""

    phase: str
    model: str
    device: Literal["cpu", "gpu", "tpu"]
    faster: str
    slower: str
    value: float
    """At least 1; the geometric mean over processes of the median over rounds that were neighbours in time."""
    low: float | None
    """Limits of the 95 % interval over processes; None where there was one process only. ``low`` may lie below 1."""
    high: float | None
    processes: int


class RunRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A saved session."""

    schema_version: int
    created: str
    """ISO 8601 with a time zone."""
    preset: str
    seed: int
    """Of the order in which the workers took turns."""
    in_process: bool
    """True when frameworks ran inside pytest: good for a debugger, not for a ranking."""
    environment: dict[str, Scalar]
    """The machine and the pytest side, as flat dotted names: ``cpu.model``, ``git.commit``."""
    cases: tuple[CaseResult, ...]
    ratios: tuple[Ratio, ...] = ()
    """Between each two frameworks that were measured side by side."""

    def __post_init__(self) -> None:
        if self.schema_version != SCHEMA_VERSION:
            raise ValueError(
                f"schema version {self.schema_version} is not the {SCHEMA_VERSION} that this release reads"
            )
        nodeids = [case.nodeid for case in self.cases]
        if len(nodeids) != len(set(nodeids)):
            raise ValueError("a case stands in the run twice")
