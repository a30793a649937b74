"""Every build backend and layout, installed editable and not, gated with a planted slowdown: found, or refused.

What needs building is refused with the remedy, and found where the gate builds it. Each backend must be installed in
the environment in which this runs; those that are not are skipped.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.gate.backend_projects import PROJECTS, environment_beside, install
from tests.gate.test_gate_own_code import slowed

IMPORT_NAMES = {"poetry-core": "poetry.core"}


def is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("how", ["installed", "editable", "gate-build"])
@pytest.mark.parametrize("name", PROJECTS)
def test_a_slowdown_is_found_or_the_gate_refuses(name: str, how: str, tmp_path: Path) -> None:
    project = PROJECTS[name]
    backend = IMPORT_NAMES.get(project.backend, project.backend)
    if not is_there(backend):
        pytest.skip(f"needs the build backend: pip install {project.backend}")
    repository = slowed(tmp_path / "repository", project)
    python = environment_beside(tmp_path / "environment")
    install(python, project, repository.folder, editable=how == "editable")
    options = ["--gate-build"] if how == "gate-build" else []
    ran = repository.run("--gate=HEAD", *options, python=python, XDG_CACHE_HOME=str(tmp_path / "cache"))
    if project.is_compiled and how != "gate-build":
        assert ran.code == 13, ran.said
        assert "--gate-build" in ran.said
    else:
        assert ran.code == 10, ran.said
        assert ran.verdicts("units")["test_units"]["reason"] == "130 instead of 100 units, counted exactly"
