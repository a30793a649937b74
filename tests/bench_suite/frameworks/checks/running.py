"""Runs all checks of one framework in one process, and says which they are without importing the framework.

A module of checks is imported by that process alone, for pytest's own never imports a framework. Each public function
of it is a check: its name says what holds, it fails by raising, and what it returns (values of JSON) a test may look
into. One whose parameter is ``program`` is run once for each of the module's ``PROGRAMS``.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from speedscore.bench_suite.frameworks.table import Framework
from tests.places import ROOT

FOLDER = Path(__file__).parent
PACKAGE = "tests.bench_suite.frameworks.checks"
TIMEOUT_SECONDS = 900
ENVIRONMENT = {
    "JAX_PLATFORMS": "cpu",
    "CUDA_VISIBLE_DEVICES": "",
    # What is checked does not depend on the machine code, so the compiler need not work hard.
    "XLA_FLAGS": "--xla_backend_optimization_level=0",
}


class Outcome(msgspec.Struct, frozen=True):
    """How one check ended."""

    name: str
    traceback: str = ""
    """Empty when it holds."""
    facts: Any = None
    """What it returned."""


class Outcomes(msgspec.Struct, frozen=True):
    """How the checks of one process ended."""

    by_name: dict[str, Outcome]
    stderr: str

    def facts(self, check: str) -> Any:
        """What the check returned. Raises AssertionError, with the traceback, where it does not hold or never ended."""
        assert check in self.by_name, f"the process ended before {check}:\n{self.stderr[-5000:]}"
        outcome = self.by_name[check]
        assert not outcome.traceback, outcome.traceback
        return outcome.facts


def names_of_checks(module: str) -> list[str]:
    """The checks of a module in their order, read from its text."""
    body = ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8")).body
    programs: tuple[str, ...] = ()
    names: list[str] = []
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Name(id="PROGRAMS")], value=value):
                programs = ast.literal_eval(value)
            case ast.FunctionDef(name=name, args=arguments) if not name.startswith("_"):
                names += [f"{name} {program}" for program in programs] if arguments.args else [name]
    return names


@functools.cache
def run_checks(module: str, *only: str, threads: int = 1, variables: tuple[tuple[str, str], ...] = ()) -> Outcomes:
    """Run the checks of a module, or those named, in one fresh process. Whoever asks again gets the same outcomes."""
    done = subprocess.run(
        [sys.executable, "-m", f"{PACKAGE}.process", module, str(threads), *(only or names_of_checks(module))],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | ENVIRONMENT | dict(variables),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"name":')]
    outcomes = [msgspec.convert(json.loads(line), Outcome) for line in lines]
    return Outcomes({outcome.name: outcome for outcome in outcomes}, stderr=done.stderr)


def require_installed(framework: Framework) -> pytest.MarkDecorator:
    """Skips where a package of the framework is missing, and says how to install it."""
    missing = framework.missing_packages()
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}; {framework.remedy}")
