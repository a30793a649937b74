"""The memory that rematerialisation is counted by, in the frameworks that count it: ``checks/remat_checks.py``."""

from __future__ import annotations

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from tests.bench_suite.frameworks.checks.running import names_of_checks, require_installed, run_checks

_CHECKS = names_of_checks("remat_checks")


def _of(framework: str) -> list[str]:
    return [check for check in _CHECKS if check.endswith(f" {framework}")]


@pytest.mark.parametrize(
    ("framework", "check"),
    [
        pytest.param(name, check, marks=require_installed(FRAMEWORKS[name]))
        for name in ("jax", "torch")
        for check in _of(name)
    ],
)
def test_of_rematerialisation(framework: str, check: str) -> None:
    run_checks("remat_checks", *_of(framework)).facts(check)
