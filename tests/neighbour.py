"""Somebody else's project, whose packages and options are called like our folders and options; and how to run in it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.git import git

PACKAGES = ("scoring", "bench_suite", "fixtures", "tests", "docs")
"""The folders at the top of our repository that a project may have, too."""
OPTIONS = ("--processes", "--preset", "--resume", "--in-process", "--base", "--base-python")
"""What the suite's own options are called where its cases are, and what other projects call theirs."""

_CONFTEST = f"""
import scoring.plugin


def pytest_addoption(parser):
    for option in {OPTIONS}:
        parser.addoption(option, default="theirs")
"""
_TESTS = f"""
import bench_suite, docs, fixtures, pytest, scoring, scoring.plugin, tests


def test_their_packages_and_options_are_used(pytestconfig):
    for module in (bench_suite, docs, fixtures, scoring, scoring.plugin, tests):
        assert module.WHOSE == "theirs"
    for option in {OPTIONS}:
        assert pytestconfig.getoption(option) == "theirs"


@pytest.mark.benchmark(timer=scoring.clock)
def test_work(benchmark):
    assert scoring.WHOSE == tests.WHOSE == "theirs"
    benchmark(scoring.work)
"""
_SCORING = """
WHOSE = "theirs"
NOW = 0.0


def clock():
    global NOW
    NOW += 1e-6  # pytest-benchmark asks a clock for its precision
    return NOW


def work():
    # A clock that counts work and not time gives the same verdict on a busy machine.
    global NOW
    NOW += 1e-2
"""
_SETTINGS = """
[tool.speedscore.gate]
pair_seconds = 0.01
false_alarm = "40%"
"""

LIMIT_SECONDS = 900.0
"""Also of what downloads."""


def make_neighbour(folder: Path) -> Path:
    """The project in a git repository of one commit, with one test of its packages and one benchmark."""
    for package in PACKAGES:
        (folder / package).mkdir(parents=True)
        (folder / package / "__init__.py").write_text('WHOSE = "theirs"\n')
    (folder / "scoring" / "__init__.py").write_text(_SCORING)
    (folder / "scoring" / "plugin.py").write_text('WHOSE = "theirs"\n')
    (folder / "conftest.py").write_text(_CONFTEST)
    (folder / "tests" / "test_theirs.py").write_text(_TESTS)
    (folder / "pyproject.toml").write_text(_SETTINGS)
    for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "theirs")):
        git(folder, *words)
    return folder


def run_in(folder: Path, *command: str | Path, **environment: str) -> str:
    """What a command prints that must succeed, in an environment without our checkout on its path."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "VIRTUAL_ENV") and not name.startswith("PYTEST_")
    }
    words = list(map(str, command))
    done = subprocess.run(
        words,
        cwd=folder,
        env=clean | {"PIP_RETRIES": "10"} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_SECONDS,
    )
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}\n{done.stderr}"
    return done.stdout
