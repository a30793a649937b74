"""The Haiku programs compute what their workloads say, and are driven as raw JAX's are.

The checks stand in ``checks/haiku_checks.py`` and run in one fresh process; Haiku is never imported here.
"""

from __future__ import annotations

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from tests.bench_suite.frameworks.checks.running import names_of_checks, require_installed, run_checks

pytestmark = require_installed(FRAMEWORKS["haiku"])


@pytest.mark.parametrize("check", names_of_checks("haiku_checks"))
def test_in_haiku(check: str) -> None:
    run_checks("haiku_checks").facts(check)
