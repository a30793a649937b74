"""The folders that a checkout's code is imported from are found, whatever builds it and however it is laid out."""

from __future__ import annotations

from pathlib import Path

import pytest

from speedscore.gate.checkouts.import_roots import ImportRoots, import_roots
from speedscore.gate.checkouts.projects import layout_of
from tests.gate.backend_projects import PROJECTS, metadata
from tests.gate.written_files import write


def roots_of(folder: Path, *named: str) -> ImportRoots:
    return import_roots(layout_of(folder, project=folder), named=[folder / name for name in named])


def held(folder: Path, *named: str) -> dict[str, set[str]]:
    return {str(root.folder.relative_to(folder)): set(root.names) for root in roots_of(folder, *named).roots}


@pytest.mark.parametrize(
    ("project", "roots"),
    [
        ("setuptools-flat", {".": {"kite"}}),
        ("setuptools-src", {"src": {"kite"}}),
        ("setuptools-lib", {"lib": {"kite"}}),
        ("setuptools-monorepo", {"packages/kite/src": {"kite"}, "packages/line/src": {"kite_line"}}),
        ("setuptools-namespace", {"src": {"sky"}}),
        ("setuptools-extension", {"src": {"kite"}}),
        ("hatchling-code", {"code": {"kite"}}),
        ("flit-src", {"src": {"kite"}}),
        ("poetry-from", {"python": {"kite"}}),
        ("scikit-build-core", {"src": {"kite"}}),
        ("maturin", {"python": {"kite"}}),
    ],
)
def test_the_roots_of_every_backend_and_layout(tmp_path: Path, project: str, roots: dict[str, set[str]]) -> None:
    write(tmp_path, PROJECTS[project].on_disk(100))
    assert held(tmp_path) == roots


@pytest.mark.parametrize(
    ("declared", "roots"),
    [
        ('[tool.setuptools.packages.find]\nwhere = ["code"]', {"code": {"kite"}}),
        ('[tool.setuptools.package-dir]\n"" = "code"', {"code": {"kite"}}),
        ('[tool.setuptools.package-dir]\nkite = "code/kite"', {"code": {"kite"}}),
        ('[tool.pdm.build]\npackage-dir = "code"', {"code": {"kite"}}),
        ('[tool.uv.build-backend]\nmodule-root = "code"', {"code": {"kite"}}),
        ('[tool.maturin]\npython-source = "code"', {"code": {"kite"}}),
        ('[tool.scikit-build.wheel.packages]\nkite = "code/kite"', {"code": {"kite"}}),
        ('[tool.hatch.build]\nsources = ["code"]', {"code": {"kite"}}),
        ("broken = ", {}),
    ],
)
def test_a_source_folder_is_where_the_project_says(tmp_path: Path, declared: str, roots: dict[str, set[str]]) -> None:
    write(tmp_path, {"pyproject.toml": metadata("any", needs="any", more=declared), "code/kite/__init__.py": ""})
    assert {folder: names & {"kite"} for folder, names in held(tmp_path).items() if "kite" in names} == roots


def test_a_source_folder_is_where_setup_cfg_says(tmp_path: Path) -> None:
    write(tmp_path, {"setup.cfg": "[options]\npackage_dir =\n    = code\n", "code/kite/__init__.py": ""})
    assert held(tmp_path) == {"code": {"kite"}}


def test_source_folders_without_a_project_file_are_found(tmp_path: Path) -> None:
    write(tmp_path, ["services/shop/src/shop/__init__.py", "web/src/index.ts"])
    assert held(tmp_path) == {"services/shop/src": {"shop"}}


def test_copies_examples_and_environments_are_no_code_of_the_checkout(tmp_path: Path) -> None:
    project = metadata("any", needs="any", name="numpy")
    beside = (
        "tests/fixtures/one",
        "docs",
        "examples/two",
        "vendor/numpy",
        "build/lib",
        ".tox/test",
        "kite/_vendor/numpy",
    )
    for folder in (*beside, "an environment"):
        write(tmp_path / folder, {"pyproject.toml": project, "src/numpy/__init__.py": ""})
    write(tmp_path, ["an environment/pyvenv.cfg", "kite/__init__.py"])
    assert layout_of(tmp_path, project=tmp_path).projects == ()
    assert held(tmp_path) == {}


def test_what_lies_beside_a_flat_package_is_no_part_of_it(tmp_path: Path) -> None:
    beside = ["tests/__init__.py", "benchmarks/test_it.py", "docs/conf.py", "setup.py", "conftest.py", "noxfile.py"]
    write(tmp_path, [*beside, "kite/__init__.py", "pyproject.toml"])
    assert held(tmp_path) == {".": {"kite"}}


def test_a_name_that_two_roots_hold_is_given_to_neither_unless_one_is_named(tmp_path: Path) -> None:
    write(tmp_path, ["old/src/kite/__init__.py", "new/src/kite/__init__.py", "src/other/__init__.py"])
    found = roots_of(tmp_path)
    assert found.ambiguous == ("kite",)
    assert found.on_path(named=[]) == (tmp_path / "src",)
    assert roots_of(tmp_path, "new/src").ambiguous == ()


def test_a_folder_that_would_hide_the_standard_library_is_not_put_on_the_path(tmp_path: Path) -> None:
    write(tmp_path, ["one/src/logging.py", "one/src/kite.py", "two/src/line.py"])
    assert roots_of(tmp_path).on_path(named=[]) == (tmp_path / "two/src",)


def test_a_script_beside_a_flat_package_does_not_stand_for_a_library(tmp_path: Path) -> None:
    write(tmp_path, ["one/pyproject.toml", "one/redis.py", "one/kite/__init__.py", "one/tests/__init__.py"])
    write(tmp_path, ["two/pyproject.toml", "two/line/__init__.py", "two/tests/__init__.py"])
    assert held(tmp_path) == {"one": {"kite"}, "two": {"line"}}
    assert roots_of(tmp_path).on_path(named=[]) == (tmp_path / "two",)


def test_a_project_that_is_one_module_is_found_by_its_name(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": metadata("any", needs="any", name="one-kite"), "one_kite.py": ""})
    assert held(tmp_path) == {".": {"one_kite"}}
