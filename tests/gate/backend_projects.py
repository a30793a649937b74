"""A small project of every common build backend and layout, whose work is done by the package that is built.

``units`` of the package says how much work is done, so that a slowdown is a number in one of its files and is certain.
What a backend needs to compile something is there for those that can.
"""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PLACE = "@units@"
"""What stands in a file in place of the number of units."""

PURE = f"def units():\n    return {PLACE}\n"
EXTENSION = f"""#include <Python.h>
static PyObject *units(PyObject *self, PyObject *nothing) {{ return PyLong_FromLong({PLACE}); }}
static PyMethodDef methods[] = {{{{"units", units, METH_NOARGS, ""}}, {{NULL, NULL, 0, NULL}}}};
static struct PyModuleDef module = {{PyModuleDef_HEAD_INIT, "_core", NULL, -1, methods}};
PyMODINIT_FUNC PyInit__core(void) {{ return PyModule_Create(&module); }}
"""
OPTIONAL = "try:\n    from ._core import units\nexcept ImportError:\n    from ._pure import units\n"
BENCHMARK = """from made_up_clock import counted, work

from {module} import units


@counted
def test_units(benchmark):
    benchmark.extra_info["speedscore_counts"] = {{"units": units()}}
    benchmark(work, units())
"""
SETUP = """from setuptools import Extension, setup

setup(ext_modules=[Extension("{module}._core", ["{source}/core.c"])])
"""
SETUP_FROM_LIB = """from setuptools import setup

setup(name="kite", version="0.1", packages=["kite"], package_dir={"": "lib"})
"""
CMAKE = """cmake_minimum_required(VERSION 3.15)
project(kite LANGUAGES C)
find_package(Python COMPONENTS Interpreter Development.Module REQUIRED)
Python_add_library(_core MODULE src/kite/core.c WITH_SOABI)
install(TARGETS _core DESTINATION kite)
"""
CARGO = """[package]
name = "kite"
version = "0.1.0"
edition = "2021"

[lib]
crate-type = ["cdylib"]
path = "rust/lib.rs"
"""
RUST = f'#[no_mangle]\npub extern "C" fn units() -> i64 {{ {PLACE} }}\n'
FROM_RUST = "from .kite import lib\n\n\ndef units():\n    return lib.units()\n"


@dataclass(frozen=True)
class BackendProject:
    """Files of a project; those with ``PLACE`` in them hold the number of units."""

    backend: str
    files: Mapping[str, str]
    module: str = "kite"
    folders: tuple[str, ...] = (".",)
    """Of its projects, to be installed."""
    is_compiled: bool = False

    def on_disk(self, units: int) -> dict[str, str]:
        """All files, with the benchmark, as they are with so many units."""
        files = {**self.files, "bench/test_units.py": BENCHMARK.format(module=self.module)}
        return {name: text.replace(PLACE, str(units)) for name, text in files.items()}


def metadata(backend: str, *, needs: str, name: str = "kite", more: str = "") -> str:
    """A ``pyproject.toml``."""
    return (
        f'[build-system]\nrequires = ["{needs}"]\nbuild-backend = "{backend}"\n\n'
        f'[project]\nname = "{name}"\nversion = "0.1"\ndescription = "A kite"\n\n{more}'
    )


SETUPTOOLS = metadata("setuptools.build_meta", needs="setuptools")
HATCHLING = metadata("hatchling.build", needs="hatchling")
FLIT = metadata("flit_core.buildapi", needs="flit_core")
POETRY = metadata("poetry.core.masonry.api", needs="poetry-core")
MATURIN = metadata("maturin", needs="maturin")
SCIKIT = metadata("scikit_build_core.build", needs="scikit-build-core")


def monorepo(backend_metadata: str) -> dict[str, str]:
    """Two packages, each below a ``src`` of its own, one of which calls the other."""
    return {
        "packages/line/pyproject.toml": backend_metadata.replace('"kite"', '"kite-line"'),
        "packages/line/src/kite_line/__init__.py": PURE,
        "packages/kite/pyproject.toml": backend_metadata,
        "packages/kite/src/kite/__init__.py": "from kite_line import units\n",
    }


MONOREPO = ("packages/line", "packages/kite")
PROJECTS: dict[str, BackendProject] = {
    "setuptools-flat": BackendProject(
        "setuptools",
        {"pyproject.toml": SETUPTOOLS + '[tool.setuptools]\npackages = ["kite"]\n', "kite/__init__.py": PURE},
    ),
    "setuptools-src": BackendProject("setuptools", {"pyproject.toml": SETUPTOOLS, "src/kite/__init__.py": PURE}),
    "setuptools-lib": BackendProject(
        "setuptools",
        {
            "setup.py": SETUP_FROM_LIB,
            "lib/kite/__init__.py": PURE,
        },
    ),
    "setuptools-monorepo": BackendProject("setuptools", monorepo(SETUPTOOLS), folders=MONOREPO),
    "setuptools-namespace": BackendProject(
        "setuptools", {"pyproject.toml": SETUPTOOLS, "src/sky/kite/__init__.py": PURE}, module="sky.kite"
    ),
    "setuptools-optional": BackendProject(
        "setuptools",
        {
            "pyproject.toml": SETUPTOOLS,
            "setup.py": SETUP.format(module="kite", source="src/kite"),
            "src/kite/__init__.py": OPTIONAL,
            "src/kite/_pure.py": "def units():\n    return 400\n",
            "src/kite/core.c": EXTENSION,
        },
        is_compiled=True,
    ),
    "setuptools-extension": BackendProject(
        "setuptools",
        {
            "pyproject.toml": SETUPTOOLS,
            "setup.py": SETUP.format(module="kite", source="src/kite"),
            "src/kite/__init__.py": "from ._core import units\n",
            "src/kite/core.c": EXTENSION,
        },
        is_compiled=True,
    ),
    "hatchling-flat": BackendProject("hatchling", {"pyproject.toml": HATCHLING, "kite/__init__.py": PURE}),
    "hatchling-code": BackendProject(
        "hatchling",
        {
            "pyproject.toml": HATCHLING + '[tool.hatch.build.targets.wheel]\npackages = ["code/kite"]\n',
            "code/kite/__init__.py": PURE,
        },
    ),
    "hatchling-monorepo": BackendProject("hatchling", monorepo(HATCHLING), folders=MONOREPO),
    "hatchling-namespace": BackendProject(
        "hatchling",
        {
            "pyproject.toml": HATCHLING + '[tool.hatch.build.targets.wheel]\npackages = ["src/sky"]\n',
            "src/sky/kite/__init__.py": PURE,
        },
        module="sky.kite",
    ),
    "flit-src": BackendProject("flit_core", {"pyproject.toml": FLIT, "src/kite/__init__.py": PURE}),
    "flit-flat": BackendProject("flit_core", {"pyproject.toml": FLIT, "kite/__init__.py": PURE}),
    "poetry-from": BackendProject(
        "poetry-core",
        {
            "pyproject.toml": POETRY + '[tool.poetry]\npackages = [{include = "kite", from = "python"}]\n',
            "python/kite/__init__.py": PURE,
        },
    ),
    "poetry-monorepo": BackendProject("poetry-core", monorepo(POETRY), folders=MONOREPO),
    "scikit-build-core": BackendProject(
        "scikit_build_core",
        {
            "pyproject.toml": SCIKIT,
            "CMakeLists.txt": CMAKE,
            "src/kite/__init__.py": "from ._core import units\n",
            "src/kite/core.c": EXTENSION,
        },
        is_compiled=True,
    ),
    "maturin": BackendProject(
        "maturin",
        {
            "pyproject.toml": MATURIN + '[tool.maturin]\nbindings = "cffi"\npython-source = "python"\n',
            "Cargo.toml": CARGO,
            "rust/lib.rs": RUST,
            "python/kite/__init__.py": FROM_RUST,
        },
        is_compiled=True,
    ),
}


def environment_beside(folder: Path) -> str:
    """Make an environment in which all that is installed in the present one is found, too. Returns its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--symlinks", str(folder)], check=True)
    here = str(importlib.metadata.distribution("pytest").locate_file(""))
    # A line that names a folder alone would leave out what is installed editably.
    (site_of(folder) / "present.pth").write_text(f"import site; site.addsitedir({here!r})\n")
    return str(folder / "bin" / "python")


def site_of(environment: Path) -> Path:
    (found,) = environment.glob("lib/python*/site-packages")
    return found


def install(python: str, project: BackendProject, folder: Path, *, editable: bool) -> None:
    """Install what lies in a folder, as its users do, without asking an index."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    # Programs of the build backends lie beside the interpreter that has them.
    variables["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), variables["PATH"]])
    for each in project.folders:
        command = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
        done = subprocess.run(
            [*command, *(["--editable"] if editable else []), str(folder / each)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=variables,
            check=False,
        )
        assert done.returncode == 0, done.stdout
