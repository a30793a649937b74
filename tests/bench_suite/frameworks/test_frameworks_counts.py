"""Raw JAX is no straw man: its programs do no more work than those of the libraries that stand on it.

The checks stand in ``checks/counting_checks.py`` and run in one fresh process; JAX is never imported here.
"""

from __future__ import annotations

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from tests.bench_suite.frameworks.checks.running import names_of_checks, require_installed, run_checks

pytestmark = require_installed(FRAMEWORKS["jax"])


@pytest.mark.parametrize("check", names_of_checks("counting_checks"))
def test_beside_the_libraries_on_jax(check: str) -> None:
    run_checks("counting_checks").facts(check)
