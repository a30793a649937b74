"""The wheel, as somebody gets it who has no checkout: installed into an empty environment, it must be whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.record.phases import PHASES
from tests.places import ROOT

BENCHMARKS = "speedscore.bench_suite"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT), cwd=folder)
    (built,) = folder.glob("speedscore-*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the wheel and what it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("empty")
    venv.create(folder, with_pip=True)
    interpreter = folder / "bin" / "python"
    run(str(interpreter), "-m", "pip", "install", "--quiet", str(wheel), cwd=folder)
    return interpreter


def run(*command: str, cwd: Path) -> str:
    # Without this environment's own paths: the empty one must stand on its own.
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_it_holds_the_fixtures_the_rubric_and_the_references(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "speedscore/scoring/rubric/rubric.toml",
        "speedscore/fixtures/ecosystem/jax/2024-01.toml",
        "speedscore/bench_suite/workloads/references/mlp-smoke.json",
        "speedscore/bench_suite/test_training.py",
    } <= names
    assert not [name for name in names if name.startswith(("tests/", "fixtures/"))]


def test_pytest_finds_the_plugins_and_the_matrix(python: Path, tmp_path: Path) -> None:
    listed = run(str(python), "-m", "pytest", "--pyargs", BENCHMARKS, "--collect-only", "-q", cwd=tmp_path)
    assert "test_training[jax-mlp-cpu]" in listed
    helped = run(str(python), "-m", "pytest", "--help", cwd=tmp_path)
    assert "--require-device" in helped


def test_it_scores_from_the_facts_that_it_carries(python: Path, tmp_path: Path) -> None:
    command = ("-m", "speedscore", "card", "jax", "--snapshot", "2024-01", "--format", "json")
    card = json.loads(run(str(python), *command, cwd=tmp_path))
    assert '"speed_score": 7.4' in json.dumps(card)


def test_without_a_framework_every_case_is_skipped_with_what_to_install(python: Path, tmp_path: Path) -> None:
    said = run(
        str(python),
        "-m",
        "pytest",
        "--pyargs",
        "speedscore.bench_suite",
        "--benchmark-only",
        "-k",
        "cpu and mlp",
        cwd=tmp_path,
    )
    assert f"{len(FRAMEWORKS) * len(PHASES)} skipped" in said
    assert 'python -m pip install "speedscore[jax]"' in " ".join(said.split())
