"""Programs that cheat once they are certified are refused by what was seen, and honest ones never are."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from speedscore.bench_suite.frameworks.table import Framework
from speedscore.bench_suite.matrix.cases import Cell
from speedscore.bench_suite.measuring import audit
from speedscore.bench_suite.measuring.audit import RoundAudit
from speedscore.bench_suite.measuring.cell_run import ask
from speedscore.bench_suite.measuring.role_rounds import FEWEST_READINGS, RoleRounds, RoundRefused
from speedscore.bench_suite.workers import certificate, own_code, rounds, service
from speedscore.bench_suite.workers.certificate import CertificateError
from speedscore.bench_suite.workers.handle import InProcessWorker
from speedscore.bench_suite.workers.protocol import (
    Build,
    Built,
    CertifiedAgain,
    CertifyAgain,
    Prepare,
    Prepared,
    Setting,
)
from speedscore.bench_suite.workers.service import MeasurementInvalid
from speedscore.bench_suite.workloads.presets import WarmUp
from speedscore.host.processors import allowed_processors
from speedscore.record.phases import Role
from tests.bench_suite.measuring import slow_to_draw, tiny

STEPS = 8
"""Of a round."""

BATCH = "the round does not answer the batch that it was given: error"
BEFORE = (
    r"ms before the clock ran, and those under the clock .* each, likewise in all \d+ rounds: the work is done before"
)
AFTER = "after the rounds wrong at batch_outputs"
"""By the certificate, where chance has shown no example but the right one."""
RIGHT = "(a step finds the loss .*, and by|the weights after the timed steps are not those of) float64 NumPy"
"""Which of the two depends on the batches."""
READ = "ms to read, and .* once read, in .* rounds whose steps took .*: it is computed when it is read"


@pytest.fixture(autouse=True)
def what_programs_replace_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, name in (
        (rounds, "seconds"),
        (service, "certify"),
        (service, "require_passed"),
        (service, "check_after_rounds"),
        (certificate, "require_passed"),
        (own_code.OwnCode, "first_change"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))


@pytest.fixture(autouse=True)
def no_machine_is_too_busy_for_the_right_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "OWN_SECONDS", float("inf"))


def measure(variant: str, role: Role, folder: Path, *, processes: int = 1, steps: int = STEPS) -> None:
    """A process's rounds of the program, as a block takes them. Raises what refuses it."""
    for _ in range(processes):
        worker = InProcessWorker(folder)
        tell = partial(ask, worker, limit_seconds=60.0)
        tell(Build(a_setting(variant, folder, role)), Built)
        warm_up = WarmUp(limit_seconds=0.0)
        tell(Prepare(role=role, round_seconds=0.0, warm_up=warm_up), Prepared)
        # Where others keep the processors busy, a clock that is wrong by less than that is forgiven.
        is_forgiven = variant != "ReplacesTheTimerForMoments"
        taken = RoleRounds(role, tell, worker.held_up_seconds if is_forgiven else lambda: 0.0)
        looking = RoundAudit(taken, tell, slow_to_draw.make if role == "capability" else lambda: tiny.make("smoke"))
        for _ in range(FEWEST_READINGS + 2):
            taken.take(steps)
            looking.after_round()
        looking.after_last_round()
        tell(CertifyAgain(role, limit_seconds=1.0), CertifiedAgain)


def a_setting(variant: str, folder: Path, role: Role) -> Setting:
    is_task = role == "capability"
    framework = Framework(
        "cheat",
        builder="tests.bench_suite.measuring.cheats:build",
        ecosystem="",
        extra="",
        packages=(),
        variant=variant,
        task_builder="tests.bench_suite.measuring.slow_to_draw:build" if is_task else "",
    )
    return Setting(
        cell=Cell(framework="cheat", model="tiny", device="cpu"),
        framework=framework,
        implementation="tiny",
        workload_module=f"tests.bench_suite.measuring.{'slow_to_draw' if is_task else 'tiny'}",
        preset="smoke",
        affinity=allowed_processors(),
        scratch=str(folder),
        caches=str(folder),
        task_options={} if is_task else None,
    )


@pytest.mark.parametrize("role", ["training", "inference", "throughput"])
@pytest.mark.parametrize("variant", ["Honest", "HonestAndSlow"])
def test_an_honest_program_is_never_refused(variant: str, role: Role, tmp_path: Path) -> None:
    measure(variant, role, tmp_path, processes=3)


@pytest.mark.parametrize(
    ("variant", "role", "seen"),
    [
        ("ReplaysAnAnswer", "throughput", "two batches are answered alike"),
        ("AnswersFromATable", "inference", "two batches are answered alike"),
        ("ComputesWhenRead", "throughput", READ),
        ("ComputesBehindTheWait", "throughput", READ),
        ("ComputesWhenFed", "inference", BEFORE),
        ("ComputesWhileSettling", "throughput", BEFORE),
        ("TrainsWhileSettling", "training", BEFORE),
        ("LowersThePrecisionOfPasses", "inference", rf"{BATCH} .* of its logits against float64 NumPy"),
        ("LowersThePrecisionOfSteps", "training", RIGHT),
        ("WritesIntoItsInput", "inference", "two batches are answered alike"),
        ("ReusesTheMemoryOfAnswers", "throughput", rf"{BATCH}|two batches are answered alike|{AFTER}"),
        ("SkipsEveryThirdStep", "training", "finds the loss of the step before: skipped"),
        ("DoesOneStepABatch", "training", "no step was done in it"),
        ("WorksOnlyUnwatched", "training", "no step was done in it"),
        ("DoesHalfOfTheTimedSteps", "training", "the weights after the timed steps are not those of the same steps"),
        ("UpdatesSomeParameters", "training", "dense1.bias where it was"),
        ("ReplacesTheTimer", "inference", "workers.rounds.seconds is another than before the framework was imported"),
        ("ReplacesTheTimerForMoments", "training", "pytest's side waited .* its clock is wrong"),
        ("ReplacesTheChecks", "inference", "is another than before the framework was imported"),
        ("ReplacesAllOfTheChecks", "inference", rf"{BATCH} .* of its logits against float64 NumPy"),
    ],
)
def test_a_program_that_cheats_is_refused_by_what_was_seen(variant: str, role: Role, seen: str, tmp_path: Path) -> None:
    with pytest.raises((RoundRefused, MeasurementInvalid, CertificateError), match=seen):
        measure(variant, role, tmp_path)


def test_training_that_goes_back_before_every_round_is_refused_likewise(tmp_path: Path) -> None:
    with pytest.raises(RoundRefused, match=BEFORE):
        measure("TrainsWhileSettling", "training", tmp_path, steps=50)


def test_an_honest_task_is_not_refused_for_arguments_that_are_slow_to_draw(tmp_path: Path) -> None:
    measure("Doubles", "capability", tmp_path, processes=2)
