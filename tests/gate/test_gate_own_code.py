"""Gates of packages that are installed: each side runs its own checkout's code, or the gate refuses to compare.

The whole grid of build backends and layouts is in ``tests/performance/test_gate_backends.py``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gate.backend_projects import PROJECTS, PURE, SETUPTOOLS, BackendProject, environment_beside, site_of
from tests.gate.sample_repository import AT_A_GLANCE, Repository

IGNORED = "__pycache__/\n.pytest_cache/\nbuild/\n*.egg-info/\n*.so\n"


def slowed(folder: Path, project: BackendProject) -> Repository:
    """A repository with the project, whose head does 130 units of work where base did 100."""
    repository = Repository(folder, settings="")
    settings = {"pytest.ini": "[pytest]\ntestpaths = bench\n"}
    before, after = project.on_disk(100), project.on_disk(130)
    toml = {"pyproject.toml": f"{before.get('pyproject.toml', '')}\n{AT_A_GLANCE}"}
    repository.commit(before | settings | toml)
    repository.commit({".gitignore": IGNORED})
    repository.write({name: text for name, text in after.items() if text != before[name]})
    return repository


def put_into(environment: Path, package: Path, *, distribution: str) -> None:
    """Install a package as a wheel of it would be."""
    shutil.copytree(package, site_of(environment) / package.name)
    told = site_of(environment) / f"{distribution}-0.1.dist-info"
    told.mkdir()
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 0.1\n")
    files = [f"{package.name}/{path.name}" for path in package.iterdir() if path.is_file()]
    (told / "RECORD").write_text("".join(f"{file},,\n" for file in files))


def test_a_slowdown_in_a_monorepo_that_is_installed_is_found(tmp_path: Path) -> None:
    repository = slowed(tmp_path / "repository", PROJECTS["setuptools-monorepo"])
    python = environment_beside(tmp_path / "environment")
    for name in ("line/src/kite_line", "kite/src/kite"):
        package = repository.folder / "packages" / name
        put_into(tmp_path / "environment", package, distribution=package.name.replace("_", "-"))
    ran = repository.run("--gate=HEAD", python=python)
    assert ran.verdicts("units")["test_units"]["reason"] == "130 instead of 100 units, counted exactly"
    assert ran.code == 10


def test_code_that_is_imported_from_elsewhere_and_not_found_in_the_checkout_is_refused(tmp_path: Path) -> None:
    """Its package has another name in the checkout, as only building tells."""
    declared = f'{SETUPTOOLS}[tool.setuptools]\npackages = ["kite"]\npackage-dir = {{kite = "source"}}\n'
    project = BackendProject("setuptools", {"pyproject.toml": declared, "source/__init__.py": PURE})
    repository = slowed(tmp_path / "repository", project)
    python = environment_beside(tmp_path / "environment")
    built = shutil.copytree(repository.folder / "source", tmp_path / "kite")
    put_into(tmp_path / "environment", built, distribution="kite")
    ran = repository.run("--gate=HEAD", python=python)
    assert ran.code == 13
    assert f"base imported kite from {site_of(tmp_path / 'environment')}/kite/__init__.py, and not its own" in ran.said
    for remedy in ("python_path", "--gate-python", "--gate-build"):
        assert remedy in ran.said


@pytest.fixture(scope="module")
def optional(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Head's extension is built beside its sources, as developers have it; base's worktree has none."""
    pytest.importorskip("setuptools", reason="builds an extension module: pip install setuptools")
    if shutil.which("cc") is None:
        pytest.skip("builds an extension module, and finds no C compiler (cc)")
    repository = slowed(tmp_path_factory.mktemp("optional") / "repository", PROJECTS["setuptools-optional"])
    build = [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"]
    subprocess.run(build, cwd=repository.folder, check=True, capture_output=True)
    return repository


def test_an_extension_that_one_side_has_and_the_other_does_without_is_refused(optional: Repository) -> None:
    ran = optional.run("--gate=HEAD")
    assert ran.code == 13
    assert "head ran kite._core as compiled, and base, whose checkout has not been built, did not" in ran.said
    assert "--gate-build" in ran.said


def test_an_extension_is_built_on_both_sides_once_and_its_slowdown_found(optional: Repository) -> None:
    cache = str(optional.scratch / "cache")
    before = optional.git("status", "--porcelain", "--ignored", "--", "src", "build", "setup.py")
    ran = optional.run("--gate=HEAD", "--gate-build", XDG_CACHE_HOME=cache)
    assert ran.verdicts("units")["test_units"]["reason"] == "130 instead of 100 units, counted exactly"
    assert (ran.code, ran.said.count("gate: building kite of")) == (10, 2)
    assert optional.git("status", "--porcelain", "--ignored", "--", "src", "build", "setup.py") == before
    again = optional.run("--gate=HEAD", "--gate-build", XDG_CACHE_HOME=cache)
    assert (again.code, again.said.count("gate: building")) == (10, 0)


def test_what_cannot_be_built_is_refused_with_the_builder_s_own_words(optional: Repository) -> None:
    source = optional.folder / "src/kite/core.c"
    text = source.read_text()
    source.write_text("#error the string is torn\n")
    try:
        cache = str(optional.scratch / "cache")
        ran = optional.run("--gate=HEAD", "--gate-build", XDG_CACHE_HOME=cache, PIP_NO_INDEX="1")
    finally:
        source.write_text(text)
    assert (ran.code, "--gate-build" in ran.said, "the string is torn" in ran.said) == (13, True, True)
