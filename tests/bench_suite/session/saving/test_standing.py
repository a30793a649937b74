"""A case of an earlier session stands only where its certificate and all that it says fit what is measured here."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest

from speedscore.bench_suite.matrix.cases import Case
from speedscore.bench_suite.session.results import unmeasured
from speedscore.bench_suite.session.saving.standing import StandingCases
from speedscore.bench_suite.workers.certificate import expected_limits
from speedscore.bench_suite.workloads.presets import PRESETS
from speedscore.bench_suite.workloads.reference import load_reference
from speedscore.bench_suite.workloads.table import make_workload
from speedscore.host.fields import Scalar
from speedscore.record.descriptions import ProgramDescription, WorkerDescription
from speedscore.record.phases import MODEL_PHASES, PHASES, Phase
from speedscore.record.run_record import CaseResult, Certificate, Check, Round

WORKLOAD = make_workload("mlp", "smoke")
ENVIRONMENT: dict[str, Scalar] = {"python.version": "3.11.7"}
FLOPS = {
    "training": WORKLOAD.training_flops(),
    "inference": WORKLOAD.inference_flops(),
    "throughput": WORKLOAD.throughput_flops(),
}


def a_case(phase: Phase = "training", **changes: Any) -> CaseResult:
    """As a worker measures it."""
    case = Case("jax", "mlp", "cpu", phase)
    checks = tuple(
        Check(quantity, "", tolerance / 2, tolerance)  # type: ignore[arg-type]
        for quantity, tolerance in expected_limits(WORKLOAD, case.role).items()
    )
    skipped = unmeasured(f"bench_suite/test_{phase}.py::test_{phase}[{case.id}]", case, status="skipped", reason="-")
    known: dict[str, Any] = {
        "status": "measured",
        "reason": "",
        "rounds": (Round(0.1, turn=0, process=0),),
        "flops": 0 if PHASES[phase].compiles else FLOPS[case.role],
        "steps_per_round": 1 if PHASES[phase].compiles else 7,
        "certificate": Certificate(load_reference(WORKLOAD).made_by, checks),
        "workload": WORKLOAD.describe() | {"preset": "smoke"},
        "program": ProgramDescription(platform="cpu"),
        "worker": WorkerDescription(python="3.11.7", affinity="0,1"),
    }
    return msgspec.structs.replace(skipped, **known | changes)


def objection(result: CaseResult, selected: dict[str, Case] | None = None) -> str:
    return StandingCases(PRESETS["smoke"], ENVIRONMENT, selected or {}, processors=(0, 1)).objection(result)


@pytest.mark.parametrize("phase", MODEL_PHASES)
def test_what_a_worker_measures_stands(phase: Phase) -> None:
    assert objection(a_case(phase)) == ""


@dataclasses.dataclass
class Forged:
    """A certificate of which one thing is changed."""

    reference: str = ""
    without: str = ""
    extra: tuple[Check, ...] = ()
    changed: dict[str, tuple[float, float]] = dataclasses.field(default_factory=dict)
    """Quantity → error and tolerance."""

    def certificate(self) -> Certificate:
        honest = a_case().certificate
        assert honest is not None
        checks = [
            Check(check.quantity, "", *self.changed.get(check.quantity, (check.error, check.tolerance)))
            for check in honest.checks
            if check.quantity != self.without
        ]
        return Certificate(self.reference or honest.reference, (*checks, *self.extra))


@pytest.mark.parametrize(
    ("forged", "reason"),
    [
        pytest.param(Forged(reference="by hand"), "its certificate is against 'by hand'", id="reference"),
        pytest.param(Forged(without="gradients"), "its certificate does not say gradients", id="missing"),
        pytest.param(Forged(changed={"loss": (1e-9, 1.0)}), "gave loss a tolerance of 1,", id="wider tolerance"),
        pytest.param(Forged(changed={"loss": (0.5, 1.0)}), "loss is off by 0.5,", id="error within a wider one"),
        pytest.param(Forged(changed={"loss": (-1.0, 0.0)}), "loss is off by -1,", id="negative error"),
        pytest.param(Forged(changed={"loss": (1e300, 1e300)}), "loss is off by 1e+300,", id="incomparable"),
        pytest.param(
            Forged(changed={"loss": (float("inf"), float("inf"))}), "loss is off by inf,", id="error that is not finite"
        ),
        pytest.param(Forged(changed={"parameter count": (1.0, 1.0)}), "parameter count is off by 1,", id="count"),
        pytest.param(
            Forged(extra=(Check("loss", "", 1.0, 2.0),)), "loss is off by 1,", id="a second one of another word"
        ),
    ],
)
def test_a_certificate_of_another_word_does_not_stand(forged: Forged, reason: str) -> None:
    # As the tolerances are: 1 is rounded to 1 by the format that the message has.
    assert reason.removesuffix(",") in objection(a_case(certificate=forged.certificate()))


def test_a_quantity_that_is_not_compared_does_not_stand() -> None:
    honest = a_case("training").certificate
    assert "gradients, which is not compared" in objection(a_case("inference", certificate=honest))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"flops": 1}, "its FLOPs was 1 and is ", id="flops"),
        pytest.param({"workload": {"batch": 1}}, "its workload was {'batch': 1} and is ", id="shape"),
        pytest.param(
            {"precision": "bfloat16"},
            "it holds figures of training jax-mlp-bfloat16-cpu under the name of another test",
            id="precision",
        ),
        pytest.param({"precision": "float8"}, "Invalid enum value 'float8'", id="unknown precision"),
        pytest.param({"id": "jax-gpt-cpu"}, "its id was 'jax-gpt-cpu' and is 'jax-mlp-cpu'", id="id"),
        pytest.param({"ecosystem": "pytorch"}, "its ecosystem was 'pytorch' and is 'jax'", id="ecosystem"),
        pytest.param({"steps_per_round": 0}, "its rounds have 0 steps", id="steps"),
        pytest.param({"framework": "torch"}, "under the name of another test", id="framework"),
        pytest.param({"model": "unheard_of"}, "what it should compute is not known here (KeyError", id="model"),
        pytest.param({"nodeid": "test_x.py::test_x"}, "under the name of another test", id="node id"),
        pytest.param(
            {"program": ProgramDescription(platform="gpu")}, "platform was 'gpu' and is 'cpu' here", id="platform"
        ),
        pytest.param(
            {"worker": WorkerDescription(python="3.12.0")}, "python was '3.12.0' and is '3.11.7' here", id="version"
        ),
        pytest.param({"worker": WorkerDescription(affinity="0")}, "affinity was '0' and is '0,1' here", id="affinity"),
    ],
)
def test_what_does_not_fit_what_is_measured_here_does_not_stand(changes: dict[str, Any], reason: str) -> None:
    assert reason in objection(a_case(**changes))


def test_a_case_of_a_fleets_machine_is_not_held_to_the_processors_and_python_of_this_one() -> None:
    elsewhere = WorkerDescription(python="3.12.0", affinity="0,1,2,3")
    assert objection(a_case(machine="a", worker=elsewhere)) == ""
    on_a_card = ProgramDescription(platform="gpu")
    assert "platform was 'gpu'" in objection(a_case(machine="a", worker=elsewhere, program=on_a_card))


def test_a_compilation_of_several_steps_does_not_stand() -> None:
    assert objection(a_case("compilation", steps_per_round=2)) == "its rounds have 2 steps"


def test_figures_under_the_name_of_a_test_of_another_phase_do_not_stand() -> None:
    case = a_case("inference")
    selected = {case.nodeid: Case("jax", "mlp", "cpu", "training")}
    assert "it holds figures of inference jax-mlp-cpu" in objection(case, selected)


def test_a_framework_that_is_in_no_table_does_not_stand() -> None:
    case = a_case(framework="unheard_of", nodeid="test_training.py::test_training[unheard_of-mlp-cpu]")
    assert "what it should compute is not known here (KeyError" in objection(case)


def test_a_run_of_before_styles_were_told_stands() -> None:
    assert objection(a_case(style=None)) == ""
