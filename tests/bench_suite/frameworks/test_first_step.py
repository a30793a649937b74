"""Time to the first step begins before JAX compiles anything: the state of an optimizer is compiled too.

The checks stand in ``checks/first_step_checks.py`` and run in a fresh process each; JAX is never imported here.
"""

from __future__ import annotations

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from tests.bench_suite.frameworks.checks.running import names_of_checks, require_installed, run_checks

pytestmark = [require_installed(FRAMEWORKS[name]) for name in ("jax", "flax-nnx", "haiku", "equinox")]


@pytest.mark.parametrize("check", names_of_checks("first_step_checks"))
def test_in_a_process_of_its_own(check: str) -> None:
    run_checks("first_step_checks", check).facts(check)
