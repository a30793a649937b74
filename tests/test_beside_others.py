"""speedscore where it is installed beside somebody else's project and other people's plugins: it stays out of the way.

The environment is the one that the tests run in, an editable install of this checkout; ``test_wheel.py`` asks the
same of the wheel.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.neighbour import make_neighbour, run_in
from tests.places import ROOT

PYTHON = Path(sys.executable)
PYTEST = PYTHON.with_name("pytest")


@pytest.fixture(scope="module", autouse=True)
def editable(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the commands import is this checkout, and found as an editable install finds it.

    It is asked of the interpreter: tox installs an editable package from a wheel, whose metadata names no checkout.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    found = subprocess.run(
        [PYTHON, "-P", "-c", "import speedscore; print(speedscore.__file__)"],
        cwd=tmp_path_factory.mktemp("elsewhere"),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    if not found or not Path(found).resolve().is_relative_to(ROOT):
        pytest.skip(f"this environment has no editable install of {ROOT}: python -m pip install -e {ROOT}")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_neighbour(tmp_path / "project")


# ----------------------------------------------------------------------------- packages and options by our names


@pytest.mark.parametrize("command", [(PYTEST,), (PYTHON, "-m", "pytest")], ids=["pytest", "python -m pytest"])
def test_a_project_with_packages_and_options_of_our_names_uses_its_own(project: Path, command: tuple[Path]) -> None:
    assert "2 passed" in run_in(project, *command)


def test_a_gate_in_such_a_project_uses_its_own(project: Path) -> None:
    said = run_in(project, PYTHON, "-m", "speedscore", "gate", "HEAD", "--json", "gate.json", "--", "-W", "error")
    assert "gate passed" in said
    report = json.loads((project / "gate.json").read_text())
    assert {verdict["case"] for verdict in report["verdicts"]} == {"tests/test_theirs.py::test_work"}


OF_THE_CHECKOUT = """
import importlib.util, pathlib, sys
root, environment = pathlib.Path(sys.argv[1]), pathlib.Path(sys.prefix)
specs = {name: importlib.util.find_spec(name) for name in sys.argv[2:]}
places = {name: list(spec.submodule_search_locations or ()) for name, spec in specs.items() if spec is not None}
resolved = {name: [pathlib.Path(place).resolve() for place in held] for name, held in places.items()}
is_ours = lambda place: place.is_relative_to(root) and not place.is_relative_to(environment.resolve())
print([name for name, held in resolved.items() if any(map(is_ours, held))])
"""
"""Which names lead to folders of the checkout. The environment may lie below it, and packages in there may bring
``tests`` or ``docs`` of their own."""


def test_an_editable_install_offers_one_import_name(tmp_path: Path) -> None:
    names = ("speedscore", "bench_suite", "scoring", "fixtures", "tests", "docs", "examples")
    assert run_in(tmp_path, PYTHON, "-P", "-c", OF_THE_CHECKOUT, ROOT, *names) == "['speedscore']\n"


# ------------------------------------------------------------------------------------- what it costs where it is idle

HEAVY = frozenset({"numpy", "scipy", "psutil", "msgspec", "tabulate", "pynvml", "pytest_benchmark"})
LIGHT = {
    "speedscore",
    "speedscore.bench_suite",
    "speedscore.bench_suite.matrix",
    "speedscore.bench_suite.matrix.hooks",
    "speedscore.gate",
    "speedscore.gate.options",
    "speedscore.gate.pytest_options",
    "speedscore.plugin",
    "speedscore.scoring",
    "speedscore.scoring.rubric",
    "speedscore.scoring.rubric.hooks",
}
LOOK = """
import json, sys
import pytest

code = pytest.main(["-q", *sys.argv[1:]])
print(json.dumps(sorted(sys.modules)))
sys.exit(code)
"""


def loaded_beside(folder: Path, *plugins: str) -> set[str]:
    """The modules in a session of one empty test, with these plugins and no others."""
    (folder / "test_nothing.py").write_text("def test_nothing():\n    pass\n")
    words = [word for plugin in plugins for word in ("-p", plugin)]
    said = run_in(folder, PYTHON, "-c", LOOK, *words, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    return set(json.loads(said.splitlines()[-1]))


def test_a_session_that_asks_for_nothing_loads_a_few_light_modules(tmp_path: Path) -> None:
    modules = loaded_beside(tmp_path, "speedscore.plugin")
    assert modules & HEAVY == set()
    assert {name for name in modules if name.partition(".")[0] == "speedscore"} == LIGHT


def test_the_look_finds_what_a_half_loads(tmp_path: Path) -> None:
    modules = loaded_beside(tmp_path, "pytest_benchmark.plugin", "speedscore.plugin", "speedscore.scoring.plugin")
    assert {"numpy", "msgspec", "pytest_benchmark"} <= modules


# ------------------------------------------------------------------------------------------ other people's plugins

PLUGINS = (
    "pytest-asyncio",
    "pytest-codspeed",
    "pytest-cov",
    "pytest-randomly",
    "pytest-rerunfailures",
    "pytest-timeout",
)
"""Beside pytest-xdist and hypothesis, which the tests need themselves."""
BELOW_THEM = ("cffi", "coverage", "markdown-it-py", "mdurl", "pycparser", "pygments", "rich")
"""What they need that our own environment may lack; a second pytest would stand in its way."""
MANY_PLUGINS = """
import asyncio

import pytest
from hypothesis import given, strategies


@pytest.mark.asyncio
async def test_awaiting():
    await asyncio.sleep(0)


@given(strategies.integers())
def test_an_integer(number):
    assert number == number


@pytest.mark.timeout(60)
@pytest.mark.flaky(reruns=1)
def test_the_second_time(request):
    assert request.node.execution_count == 2


def test_a_benchmark(benchmark):
    benchmark(sum, range(100))
"""


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds them: in the tests' own environment every session that a test starts would have them."""
    folder = tmp_path_factory.mktemp("plugins")
    run_in(
        folder,
        PYTHON,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        folder / "site",
        *PLUGINS,
        *BELOW_THEM,
    )
    return folder / "site"


def test_a_project_runs_under_many_plugins_at_once(plugins: Path, tmp_path: Path) -> None:
    (tmp_path / "test_many.py").write_text(MANY_PLUGINS)
    words = ("-n", "1", "--cov=here", "--randomly-seed=7", "-p", "no:cacheprovider")
    said = run_in(tmp_path, PYTHON, "-m", "pytest", *words, PYTHONPATH=str(plugins))
    assert "4 passed, 1 rerun" in said
    assert all(plugin.removeprefix("pytest-") in said for plugin in ("speedscore", *PLUGINS))


def test_a_benchmark_runs_under_codspeed(plugins: Path, tmp_path: Path) -> None:
    (tmp_path / "test_many.py").write_text(MANY_PLUGINS)
    said = run_in(tmp_path, PYTHON, "-m", "pytest", "--codspeed", PYTHONPATH=str(plugins))
    assert "1 passed, 3 deselected" in said
