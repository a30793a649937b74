"""The Flax programs, Linen and both variants of NNX, compute what their workloads say, and step as they must.

The checks stand in ``checks/flax_checks.py`` and run in one fresh process; Flax is never imported here.
"""

from __future__ import annotations

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from tests.bench_suite.frameworks.checks.running import names_of_checks, require_installed, run_checks

pytestmark = require_installed(FRAMEWORKS["flax-linen"])


@pytest.mark.parametrize("check", names_of_checks("flax_checks"))
def test_in_flax(check: str) -> None:
    run_checks("flax_checks").facts(check)
