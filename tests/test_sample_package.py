"""A package outside the tree brings a framework with facts, a model and a criterion, and all stand in their places.

It is installed into a folder of its own, which only the sessions of these tests see. What needs JAX or PyTorch is
measured where they are installed and skipped elsewhere; the rest is the same in both worlds.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from speedscore.__main__ import main
from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.workloads.reference import ReferenceFileError, load_reference
from speedscore.bench_suite.workloads.table import MODELS
from speedscore.record.phases import MODEL_PHASES
from speedscore.record.run_file import load_run
from speedscore.record.run_record import CaseResult, RunRecord
from speedscore.scoring.evidence.evidence import NamedRun, gather
from speedscore.scoring.facts.snapshots import fixtures_folder, load_snapshots
from speedscore.scoring.rubric.rubric import add_criteria, load_rubric
from speedscore.scoring.scores.score_card import ScoreCard
from speedscore.scoring.scores.score_report import build_report
from tests.bench_suite.sample_session import is_refused
from tests.places import ROOT
from tests.sample_runs import save

PACKAGE = ROOT / "examples" / "speedscore-sample"
pytestmark = pytest.mark.bare

WRITTEN = ("sample-numpy-mlp-cpu", "sample-numpy-samplelinear-cpu", "jax-samplelinear-cpu", "torch-samplelinear-cpu")

TRIES = 3
"""Of a session that refuses a figure: where others take the processors, some other time none is refused."""


class Ended(NamedTuple):
    """A session of pytest that is over."""

    run: RunRecord
    said: str


def execute(*arguments: str, cwd: Path, **environment: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", *arguments]
    for _ in range(TRIES):
        done = subprocess.run(command, cwd=cwd, env=clean | environment, capture_output=True, text=True, check=False)
        if done.returncode == 0 or not is_refused(done.stdout):
            break
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the installed package and nothing else."""
    folder = tmp_path_factory.mktemp("brought")
    execute("build", "--wheel", "--outdir", str(folder), str(PACKAGE), cwd=folder)
    (wheel,) = folder.glob("speedscore_sample-*.whl")
    execute("pip", "install", "--quiet", "--no-deps", "--target", str(folder / "site"), str(wheel), cwd=folder)
    return folder / "site"


@pytest.fixture(scope="module")
def ended(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    folder = tmp_path_factory.mktemp("session")
    arguments = ("--pyargs", "speedscore.bench_suite", "--benchmark-only", "-k", "sample and cpu", "--preset", "smoke")
    said = execute(
        "pytest",
        *arguments,
        "--processes=1",
        "--benchmark-json=run.json",
        "--full",
        cwd=folder,
        PYTHONPATH=os.pathsep.join((str(site), os.environ.get("PYTHONPATH", ""))),
        COLUMNS="100",
    )
    return Ended(load_run(folder / "run.json"), said)


def test_all_that_it_brings_stands_in_the_matrix_by_its_id(ended: Ended) -> None:
    cells = {f"sample-numpy-{model}-cpu" for model in (*MODELS, "samplelinear")}
    cells |= {f"{name}-samplelinear-cpu" for name, framework in FRAMEWORKS.items() if not framework.models}
    assert sorted((case.id, case.phase) for case in ended.run.cases) == sorted(
        (cell, phase) for cell in cells for phase in MODEL_PHASES
    )


def test_what_is_written_and_installed_is_measured_with_a_certificate(ended: Ended) -> None:
    for case in ended.run.cases:
        if case.id not in WRITTEN or missing(case) or case.phase == "warm_compilation":
            continue
        assert case.status == "measured", case.reason
        assert case.rounds
        assert case.certificate is not None
        assert case.certificate.passed
        assert "by hand" in case.certificate.reference
        assert (case.flops > 0) == (case.phase != "compilation")
        assert case.program.platform == "cpu"
    assert sum(case.status == "measured" for case in ended.run.cases) >= 8


def test_what_is_not_there_is_skipped_with_its_reason(ended: Ended) -> None:
    for case in ended.run.cases:
        if case.id in WRITTEN and not missing(case) and case.phase != "warm_compilation":
            continue
        assert case.status == "skipped", f"{case.id}: {case.reason}"
        if case.id not in WRITTEN:
            assert f"{case.framework} has no {case.model}" in case.reason
        elif missing(case):
            assert FRAMEWORKS[case.framework].remedy in case.reason
        else:
            assert "--processes 2" in case.reason


def missing(case: CaseResult) -> bool:
    framework = FRAMEWORKS.get(case.framework)
    return framework is not None and bool(framework.missing_packages())


def test_its_criterion_is_asked_and_answered(ended: Ended, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Batch inference" in ended.said
    card = numpy_card(ended, site, monkeypatch)
    (found,) = (
        finding
        for dimension in card.dimensions
        for finding in dimension.findings
        if finding.criterion.id == "sample_batch_speed"
    )
    others = {case.ecosystem for case in ended.run.cases if case.status == "measured"} - {"numpy"}
    assert found.known == bool(others)
    if found.score is not None:
        assert (found.criterion.strength in card.strengths) == (found.score >= 8.5)
        assert (found.criterion.weakness in card.weaknesses) == (found.score <= 5.0)


def test_its_framework_has_a_card_with_its_facts(
    ended: Ended, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "NumPy " in ended.said
    assert "PyPI, release history of numpy" in ended.said
    facts = site / "speedscore_sample" / "facts"
    run = save(tmp_path / "run.json", ended.run)
    command = ["numpy", "--facts", str(facts), "--run", str(run)]
    assert main(["card", *command]) == 0
    card = capsys.readouterr().out
    assert card.startswith("NumPy ")
    assert "Releases a year: 12" in card
    assert main(["card", *command, "--format", "json"]) == 0
    (tmp_path / "card.json").write_text(capsys.readouterr().out, encoding="utf-8")
    assert main(["verify", str(tmp_path / "card.json"), "--facts", str(facts)]) == 0
    assert main(["facts", "check", "--facts", str(facts)]) == 0
    assert "NumPy" in capsys.readouterr().out


def numpy_card(ended: Ended, site: Path, monkeypatch: pytest.MonkeyPatch) -> ScoreCard:
    """The card of a framework that has no facts, so that few sentences compete for a place on it."""
    monkeypatch.syspath_prepend(site)
    plugin = importlib.import_module("speedscore_sample.plugin")
    rubric = add_criteria(load_rubric(), plugin.pytest_speedscore_criteria(), source="the sample package")
    evidence = gather(
        load_snapshots(fixtures_folder() / "ecosystem", keys=rubric.facts, topics=rubric.topics),
        runs=[NamedRun(name="run.json", record=ended.run)],
        kind_order=rubric.policy.kind_order,
    )
    (card,) = build_report(rubric, evidence, frameworks=["numpy"]).cards
    return card


def test_a_reference_that_does_not_fit_is_for_its_own_package_to_make(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(site)
    workload: Any = importlib.import_module("speedscore_sample.linear.workload").make("smoke")
    load_reference(workload)
    with pytest.raises(ReferenceFileError, match=r"batch is 8 and was 256.*speedscore_sample, must make it"):
        load_reference(msgspec.structs.replace(workload, batch=8))
