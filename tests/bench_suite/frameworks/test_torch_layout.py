"""PyTorch's memory layout of images is chosen by measuring, and is the same in every process of a machine.

The checks stand in ``checks/torch_layout_checks.py`` and run in one fresh process; PyTorch is never imported here.
"""

from __future__ import annotations

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from tests.bench_suite.frameworks.checks.running import names_of_checks, require_installed, run_checks

pytestmark = require_installed(FRAMEWORKS["torch"])


@pytest.mark.parametrize("check", names_of_checks("torch_layout_checks"))
def test_of_images(check: str) -> None:
    run_checks("torch_layout_checks").facts(check)
