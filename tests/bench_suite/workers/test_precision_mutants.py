"""In bfloat16 the certificate still refuses a wrong model, and a program that computes in another precision."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from tests.places import ROOT

SCRIPT = Path(__file__).with_name("precision_mutants.py")
OUTPUTS = "forward outputs"
CAUGHT_BY = {
    "mlp": {
        "other-gelu": "",
        "transposed": OUTPUTS,
        "no-bias": OUTPUTS,
        "default-decay": "parameters after five steps",
    },
    "bert": {
        "other-gelu": "",
        "epsilon": "",
        "padding-seen": OUTPUTS,
        "transposed": OUTPUTS,
        "no-bias": OUTPUTS,
        "default-decay": "optimizer",
    },
}
"""By what each mutant is refused first; empty where it is nearer than bfloat16 can tell: the float32 case can."""
OF_PRECISION = {"computes in float32": "precision", "a float32 case computes in bfloat16": OUTPUTS}


@pytest.mark.parametrize("model", CAUGHT_BY)
def test_what_bfloat16_can_tell_is_refused_and_the_honest_program_is_not(model: str) -> None:
    if missing := FRAMEWORKS["torch"].missing_packages():
        pytest.skip(f"not installed: {', '.join(missing)}; {FRAMEWORKS['torch'].remedy}")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), model],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    results = {name: (quantity, worst) for _, name, quantity, worst in map(json.loads, done.stdout.splitlines())}
    honest = {name: result for name, result in results.items() if name.startswith("none")}
    assert all(quantity == "" and worst < 1 / 2 for quantity, worst in honest.values()), honest
    wrong = {name: result for name, result in results.items() if name not in honest}
    assert {name: quantity for name, (quantity, _) in wrong.items()} == CAUGHT_BY[model] | OF_PRECISION
    # What is caught by a hair today is not caught tomorrow.
    assert all(worst > 1.5 for quantity, worst in wrong.values() if quantity), wrong
