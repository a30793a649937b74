"""Whether a case that an earlier session measured stands beside new ones: it is held to what is measured here.

What a saved file says of its own certificate is no proof. Quantities, tolerances, reference, shape and FLOPs are asked
of the present workload again, and what is missing, wider or foreign is said. Nothing is measured and nothing is mended.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache

import msgspec

from speedscore.bench_suite.frameworks.table import FRAMEWORKS, Framework
from speedscore.bench_suite.matrix.cases import Case
from speedscore.bench_suite.workers import after_rounds
from speedscore.bench_suite.workers.certificate import expected_limits
from speedscore.bench_suite.workers.task_certificate import expected_task_limits
from speedscore.bench_suite.workloads.presets import Preset
from speedscore.bench_suite.workloads.reference import path_of
from speedscore.bench_suite.workloads.table import make_task, make_workload
from speedscore.bench_suite.workloads.task import TaskWorkload
from speedscore.bench_suite.workloads.workload import Workload
from speedscore.host.fields import Scalar
from speedscore.host.peaks import Precision
from speedscore.record.phases import FLOAT32, PHASES, Role
from speedscore.record.run_record import CaseResult, Certificate


class StandingCases:
    """Looks at cases of one earlier session. ``cases`` by node id are those that are selected now."""

    def __init__(
        self, preset: Preset, environment: Mapping[str, Scalar], cases: Mapping[str, Case], *, processors: Sequence[int]
    ) -> None:
        """``environment`` is this machine's, and ``processors`` are those that a worker gets here.

        A case of a fleet's machine is held to neither, for it was measured elsewhere.
        """
        self._affinity = ",".join(map(str, processors))
        self._preset = preset
        self._environment = environment
        self._cases = cases

    def objection(self, result: CaseResult) -> str:
        """Why a measured case does not stand; empty where it does."""
        try:
            expected = _Expected.of(_case_of(result), self._preset)
        except Exception as error:  # noqa: BLE001 - a workload of another package may fail in any way
            return f"what it should compute is not known here ({type(error).__name__}: {error})"
        return (
            self._foreign(result, expected)
            or expected.difference(result)
            or _certificate_objection(result.certificate, expected)
        )

    def _foreign(self, result: CaseResult, expected: _Expected) -> str:
        """What does not fit this session or the case's own name."""
        case = expected.case
        selected = self._cases.get(result.nodeid, case)
        if selected != case or not result.nodeid.endswith(f"[{case.id}]"):
            return f"it holds figures of {case.phase} {case.id} under the name of another test"
        program, worker, environment = result.program, result.worker, self._environment
        of_this_machine = (
            ("python", worker.python, environment.get("python.version")),
            ("affinity", worker.affinity, self._affinity),
        )
        for what, then, now in (
            ("platform", program.platform, case.device),
            *(() if result.machine else of_this_machine),
        ):
            if then is not None and now is not None and then != now:
                return f"its worker's {what} was {then!r} and is {now!r} here"
        return ""


class _Expected(msgspec.Struct, frozen=True):
    """What the present code says of a case."""

    case: Case
    framework: Framework
    workload: dict[str, Scalar]
    flops: int
    limits: dict[str, float]
    """Quantity of the certificate → the tolerance."""
    optional_limits: dict[str, float]
    """Quantities that a case may lack → the tolerance: an interrupted case was not looked at after its rounds."""
    reference: str

    @classmethod
    def of(cls, case: Case, preset: Preset) -> _Expected:
        """Raises whatever goes wrong where the case, its model or its reference is not known."""
        if case.role == "capability":
            return cls._of_task(case, make_task(case.model, preset.name), preset=preset)
        workload = _workload(case.model, preset.name, case.precision)
        return cls(
            case=case,
            framework=FRAMEWORKS[case.framework],
            workload=workload.describe() | {"preset": preset.name},
            flops=0 if PHASES[case.phase].compiles else _flops(workload, case.role),
            limits=dict(expected_limits(workload, case.role)),
            optional_limits={after_rounds.QUANTITY: after_rounds.furthest(workload, case.role)},
            reference=_reference(case.model, preset.name),
        )

    @classmethod
    def _of_task(cls, case: Case, task: TaskWorkload, *, preset: Preset) -> _Expected:
        limits = expected_task_limits(task)
        return cls(
            case=case,
            framework=FRAMEWORKS[case.framework],
            workload=task.describe() | {"preset": preset.name},
            flops=task.flops(),
            limits=limits,
            optional_limits={after_rounds.QUANTITY: max(limits.values())},
            reference=task.made_by,
        )

    def difference(self, result: CaseResult) -> str:
        """The first thing that the record says differently of the case; empty where nothing is."""
        framework = self.framework
        fields = (
            ("id", result.id, self.case.id),
            ("ecosystem", result.ecosystem, framework.ecosystem),
            ("style", result.style or framework.style, framework.style),
            ("workload", result.workload, self.workload),
            ("FLOPs", result.flops, self.flops),
        )
        for name, then, now in fields:
            if then != now:
                return f"its {name} was {then!r} and is {now!r}"
        steps = result.steps_per_round
        if steps < 1 or (PHASES[self.case.phase].compiles and steps != 1):
            return f"its rounds have {steps} steps"
        return ""


def _certificate_objection(certificate: Certificate | None, expected: _Expected) -> str:
    if certificate is None:
        return "it has no certificate"
    if certificate.reference != expected.reference:
        return f"its certificate is against {certificate.reference!r}, and the reference is {expected.reference!r}"
    found = [check.quantity for check in certificate.checks]
    if missing := [quantity for quantity in expected.limits if quantity not in found]:
        return f"its certificate does not say {', '.join(missing)}"
    limits = expected.limits | expected.optional_limits
    for check in certificate.checks:
        limit = limits.get(check.quantity)
        if limit is None:
            return f"its certificate says {check.quantity}, which is not compared"
        if not (0.0 <= check.error <= limit and math.isfinite(check.error)):
            return f"its certificate's {check.quantity} is off by {check.error:.3g}, and the tolerance is {limit:.3g}"
        if not 0.0 <= check.tolerance <= limit:
            return f"its certificate gave {check.quantity} a tolerance of {check.tolerance:.3g}, and it is {limit:.3g}"
    return ""


def _case_of(result: CaseResult) -> Case:
    """Raises msgspec.ValidationError where the record names a precision that there is not."""
    precision = msgspec.convert(result.precision, Precision)
    return Case(result.framework, result.model, result.device, result.phase, precision)


@cache
def _workload(model: str, preset: str, precision: Precision = FLOAT32) -> Workload:
    return make_workload(model, preset, precision)


class _MadeBy(msgspec.Struct, frozen=True):
    """As much of a reference file as is needed; that it fits the workload is seen whenever it is used."""

    made_by: str


@cache
def _reference(model: str, preset: str) -> str:
    return msgspec.json.decode(path_of(_workload(model, preset)).read_bytes(), type=_MadeBy).made_by


def _flops(workload: Workload, role: Role) -> int:
    match role:
        case "training":
            return workload.training_flops()
        case "inference":
            return workload.inference_flops()
        case "throughput":
            return workload.throughput_flops()
        case "capability":
            raise ValueError("a model has no capability; its FLOPs are those of its phases")
