"""The TensorFlow programs step as they must, and the guards around them see what they must.

The checks stand in ``checks/tensorflow_checks.py`` and run in one fresh process; TensorFlow is never imported here.
"""

from __future__ import annotations

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from tests.bench_suite.frameworks.checks.running import names_of_checks, require_installed, run_checks

pytestmark = require_installed(FRAMEWORKS["tensorflow"])


@pytest.mark.parametrize("check", names_of_checks("tensorflow_checks"))
def test_in_tensorflow(check: str) -> None:
    run_checks("tensorflow_checks").facts(check)


def test_it_uses_two_threads_where_it_is_given_two() -> None:
    # TensorFlow takes the number once a process.
    check = "every_program_of_a_process_uses_the_threads_that_it_is_given"
    run_checks("tensorflow_checks", check, threads=2).facts(check)
