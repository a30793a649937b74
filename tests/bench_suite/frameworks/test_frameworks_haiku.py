"""The Haiku programs compute what their workloads say, and are driven as raw JAX's are.

Haiku is imported in fresh processes only, never in the one that runs pytest.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

from tests.places import ROOT

MISSING = [name for name in ("jax", "optax", "haiku") if importlib.util.find_spec(name) is None]

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")

PRELUDE = """
import jax, numpy as np
from speedscore.bench_suite.workers.certificate import certify
from speedscore.bench_suite.frameworks.haiku import bert, gpt, layout, program, resnet50
from speedscore.bench_suite.workloads.table import make_workload

def build(model, role="training", variant=""):
    where = f"speedscore.bench_suite.frameworks.haiku.{model}"
    workload = make_workload(model, "smoke")
    return program.build(workload, implementation=where, role=role, device="cpu", variant=variant, threads=1)

def failed_check(model, role="training"):
    built = build(model, role)
    built.compile()
    return certify(built, make_workload(model, "smoke"), role).first_failure
"""


QUICK_COMPILATION = {"XLA_FLAGS": "--xla_backend_optimization_level=0"}
"""For models that are wrong on purpose: what is wrong with them is not in the machine code."""


def run_script(body: str, **environment: str) -> None:
    """Run the body after the prelude in a process of its own; its traceback becomes the test's message."""
    finished = subprocess.run(
        [sys.executable, "-c", PRELUDE + body],
        cwd=ROOT,
        env=os.environ | {"JAX_PLATFORMS": "cpu"} | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr


def test_canonical_weights_come_back_as_they_went() -> None:
    run_script("""
for model in ("mlp", "gpt", "bert", "resnet50"):
    workload = make_workload(model, "smoke")
    given = workload.parameters(), workload.state()
    for tree, weights in zip(layout.to_trees(*given), given):
        back = layout.to_canonical(tree)
        assert back.keys() == weights.keys()
        assert all((back[name] == weights[name]).all() for name in weights), model
""")


def test_a_step_compiles_nothing_takes_over_its_memory_and_is_waited_for() -> None:
    run_script("""
built = build("mlp")
built.compile()
parameter_bytes = sum(values.nbytes for values in built.weights().values())
assert built.describe()["donated_bytes"] >= 3 * parameter_bytes, "parameters and both moments of Adam"
before = built._carry
with built.steady():
    built.step()
    built.wait()
assert all(leaf.is_deleted() for leaf in jax.tree.leaves(before[0]))
waited = {id(leaf) for leaf in built._queued()}
assert {id(leaf) for leaf in jax.tree.leaves((built._carry, built._loss))} == waited
assert not built.pending() and np.isfinite(built.loss())
assert built.describe()["dm-haiku"]
""")


def test_a_hollow_step_runs_and_an_unknown_variant_is_refused() -> None:
    run_script("""
empty_step = build("gpt").dispatch()
for _ in range(3):
    empty_step()
try:
    build("mlp", variant="tuned")
except ValueError as error:
    assert "no variant 'tuned'" in str(error)
else:
    raise AssertionError("expected ValueError")
""")
