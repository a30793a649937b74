"""The Equinox programs compute what their workloads say, through the function that a user of ``filter_jit`` calls.

The checks stand in ``checks/equinox_checks.py`` and run in one fresh process; Equinox is never imported here.
"""

from __future__ import annotations

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from tests.bench_suite.frameworks.checks.running import names_of_checks, require_installed, run_checks

pytestmark = require_installed(FRAMEWORKS["equinox"])


@pytest.mark.parametrize("check", names_of_checks("equinox_checks"))
def test_in_equinox(check: str) -> None:
    run_checks("equinox_checks").facts(check)
