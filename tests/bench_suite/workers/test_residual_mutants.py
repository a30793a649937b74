"""A backward convolution of lower precision, biases without a gradient and a biased running variance are all caught."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from tests.places import ROOT

SCRIPT = Path(__file__).with_name("residual_mutants.py")
CAUGHT_BY = {
    "none": "",
    "backward in TF32": "gradients",
    "backward in bfloat16": "gradients",
    "backward in float16": "gradients",
    "no gradient of biases": "gradients",
    "biased running variance": "state after five steps",
}


def test_every_mutant_of_the_residual_network_is_caught() -> None:
    check_residual_mutants("smoke")


def check_residual_mutants(preset: str) -> None:
    if missing := FRAMEWORKS["torch"].missing_packages():
        pytest.skip(f"not installed: {', '.join(missing)}; {FRAMEWORKS['torch'].remedy}")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), preset],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    results = {name: (quantity, worst) for name, quantity, worst in map(json.loads, done.stdout.splitlines())}
    assert {name: quantity for name, (quantity, _) in results.items()} == CAUGHT_BY
    _, honest = results.pop("none")
    assert honest < 1 / 3
    # A mutant that is caught by a hair today is not caught tomorrow.
    assert all(worst > 2 for _, worst in results.values()), results
