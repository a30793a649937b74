"""The wheel, as somebody gets it who has no checkout: installed into an empty environment, it must be whole."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from speedscore.bench_suite.matrix.cases import matrix
from speedscore.bench_suite.probes.families import FAMILIES
from speedscore.record.phases import FLOAT32, PHASES
from tests.neighbour import PACKAGES, make_neighbour, run_in
from tests.places import ROOT

BENCHMARKS = "speedscore.bench_suite"
NEEDED_BY_A_GATE = {
    "speedscore",
    "msgspec",
    "packaging",
    "psutil",
    "pytest",
    "pytest-benchmark",
    "tabulate",
    # Of pytest, of pytest-benchmark, and of the environment.
    *("iniconfig", "pluggy", "Pygments", "pygments", "py-cpuinfo", "pip", "setuptools"),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist of this checkout, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("built")
    run_in(folder, sys.executable, "-m", "build", "--outdir", folder, ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (path,) = built.glob("speedscore-*.whl")
    return path


def environment(folder: Path, *requirements: str, **variables: str) -> Path:
    """The interpreter of an environment that holds these and what they need, and nothing else."""
    venv.create(folder, with_pip=True)
    interpreter = folder / "bin" / "python"
    run_in(folder, interpreter, "-m", "pip", "install", "--quiet", *requirements, **variables)
    return interpreter


@pytest.fixture(scope="module")
def gating(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel alone, beside the oldest pytest-benchmark that projects pin, which no pytest from 9 on can load."""
    folder, oldest = tmp_path_factory.mktemp("gating"), ("pytest-benchmark==4.0.0", "pytest<9")
    # Without the versions that continuous integration pins.
    return environment(folder, str(wheel), *oldest, PIP_CONSTRAINT=os.devnull)


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel with what measuring and judging frameworks needs, and none of these."""
    return environment(tmp_path_factory.mktemp("empty"), f"{wheel}[suite]")


def test_it_holds_the_fixtures_the_rubric_and_the_references(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "speedscore/scoring/rubric/rubric.toml",
        "speedscore/fixtures/claims/reference-document.toml",
        "speedscore/fixtures/ecosystem/jax/2024-01.toml",
        "speedscore/fixtures/mistakes/rules.toml",
        "speedscore/fixtures/mistakes/in-place-update/jax.py",
        "speedscore/bench_suite/workloads/references/mlp-smoke.json",
        "speedscore/bench_suite/test_training.py",
    } <= names


def test_it_offers_one_import_name(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {"speedscore", f"{wheel.name.rpartition('-py3')[0]}.dist-info"}


def test_the_sdist_holds_what_the_checkout_does(built: Path) -> None:
    (path,) = built.glob("speedscore-*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "speedscore/__main__.py", "tests/places.py", "docs/gate.md"} <= names
    assert not [name for name in names if name.startswith((".tox", ".benchmarks"))]


@pytest.mark.parametrize("words", [("pytest",), ("-m", "pytest")], ids=["pytest", "python -m pytest"])
def test_a_project_with_packages_and_options_of_our_names_uses_its_own(
    python: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    project = make_neighbour(tmp_path / "project")
    command: tuple[str | Path, ...] = (python, *words) if words[0] == "-m" else (python.with_name("pytest"),)
    assert "2 passed" in run_in(project, *command)
    look = f"import importlib.util as u; print([name for name in {PACKAGES} if u.find_spec(name)])"
    assert run_in(tmp_path, python, "-P", "-c", look) == "[]\n"


def test_a_gate_in_such_a_project_uses_its_own_and_needs_little(gating: Path, tmp_path: Path) -> None:
    project = make_neighbour(tmp_path / "project")
    said = run_in(project, gating.with_name("pytest"), "--benchmark-only", "--gate", "HEAD", "--gate-json", "gate.json")
    assert "gate passed" in said
    report = json.loads((project / "gate.json").read_text())
    assert {verdict["case"] for verdict in report["verdicts"]} == {"tests/test_theirs.py::test_work"}


def test_what_the_gate_needs_is_small_and_the_rest_is_asked_for(gating: Path, tmp_path: Path) -> None:
    installed = json.loads(run_in(tmp_path, gating, "-m", "pip", "list", "--format", "json"))
    assert {package["name"] for package in installed} <= NEEDED_BY_A_GATE
    remedy = 'not installed; python -m pip install "speedscore[suite]"'
    for program, *words in (("speedscore", "card"), ("pytest", "--pyargs", BENCHMARKS)):
        command = [str(gating.with_name(program)), *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode in (2, 4)
        assert remedy in done.stderr


def test_pytest_finds_the_plugins_and_the_matrix(python: Path, tmp_path: Path) -> None:
    listed = run_in(tmp_path, python, "-m", "pytest", "--pyargs", BENCHMARKS, "--collect-only", "-q")
    assert "test_training[jax-mlp-cpu]" in listed
    helped = run_in(tmp_path, python, "-m", "pytest", "--pyargs", BENCHMARKS, "--help")
    assert "--require-device" in helped
    assert "--require-device" not in run_in(tmp_path, python, "-m", "pytest", "--help"), "there are no cases there"


def test_it_scores_from_the_facts_that_it_carries(python: Path, tmp_path: Path) -> None:
    speedscore = python.with_name("speedscore")
    card = json.loads(run_in(tmp_path, speedscore, "card", "jax", "--snapshot", "2024-01", "--format", "json"))
    assert card["frameworks"]["jax"]["speed_score"] == 7.4


def test_without_a_framework_every_case_is_skipped_with_what_to_install(python: Path, tmp_path: Path) -> None:
    words = ("--pyargs", BENCHMARKS, "--benchmark-only", "-k", "cpu and mlp")
    said = run_in(tmp_path, python, "-m", "pytest", *words)
    cases = [
        case
        for phase in PHASES
        for case in matrix(phase)
        if "mlp" in case.id and case.device == "cpu" and case.precision == FLOAT32
    ]
    probes = [
        case.id
        for name, family in FAMILIES.items()
        for case in family.list_cases()
        if "cpu" in case.id and "mlp" in f"{name} {case.id}"
    ]
    assert f"{len(cases) + len(probes)} skipped" in said
    assert 'python -m pip install "speedscore[jax]"' in " ".join(said.split())


def test_the_name_that_pytests_list_looks_for_brings_the_plugin_and_no_code(python: Path, tmp_path: Path) -> None:
    # Where speedscore is, nothing of it is downloaded: what it asks for must be met.
    run_in(tmp_path, python, "-m", "pip", "install", "--quiet", ROOT / "pytest-speedscore")
    look = (
        "from importlib import metadata as m; d = m.distribution('pytest-speedscore'); "
        "print([str(f) for f in d.files if '.dist-info' not in str(f)], m.requires('speedscore')); "
        "print(d.requires); print(d.metadata.get_all('Classifier'))"
    )
    files, requires, classifiers = run_in(tmp_path, python, "-c", look).splitlines()
    assert files.startswith("[] ")
    (asked,) = (word for word in ast.literal_eval(requires) if word.startswith("pytest>"))
    assert repr(asked) in files, "the list shows another version of pytest than the plugin asks for"
    assert "Framework :: Pytest" in classifiers
