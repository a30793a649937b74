"""The Equinox programs compute what their workloads say, through the function that a user of ``filter_jit`` calls.

Equinox is imported in fresh processes only, never in the one that runs pytest.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

from tests.places import ROOT

MISSING = [name for name in ("jax", "optax", "equinox") if importlib.util.find_spec(name) is None]

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")

PRELUDE = """
import equinox as eqx, jax, numpy as np
from speedscore.bench_suite.workers.certificate import certify
from speedscore.bench_suite.frameworks.equinox import bert, driver, gpt, program, resnet50
from speedscore.bench_suite.workloads.table import make_workload

def build(model, role="training", variant=""):
    where = f"speedscore.bench_suite.frameworks.equinox.{model}"
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
for model, module in (("gpt", gpt), ("bert", bert), ("resnet50", resnet50)):
    workload = make_workload(model, "smoke")
    its_driver = driver.EquinoxDriver(module.make(workload, platform="cpu"), optimizer=None, loss=None)
    given = workload.parameters(), workload.state()
    for tree, weights in zip(its_driver.to_trees(*given), given):
        back = its_driver.to_canonical(tree)
        assert back.keys() == weights.keys()
        assert all((back[name] == weights[name]).all() for name in weights), model
""")


def test_a_step_is_the_users_own_call_and_compiles_nothing() -> None:
    run_script("""
built = build("mlp")
stages = built.compile()
assert stages.keys() == {"trace_and_lower_seconds", "backend_compile_seconds"}

happened = []
jax.monitoring.register_event_duration_secs_listener(lambda event, *_, **__: happened.append(event))
preparations = []
prepare = eqx._jit._preprocess
eqx._jit._preprocess = lambda *args, **options: preparations.append(1) or prepare(*args, **options)
built.step()
built.wait()
assert not [event for event in happened if "trace" in event or "compile" in event], happened
assert len(preparations) == 1, "each step pays for filter_jit's own work in Python"

with built.steady():
    built.step()
    built.wait()

passes = build("mlp", "inference")
passes.compile()
happened.clear()
passes.infer()
passes.wait()
assert not [event for event in happened if "trace" in event or "compile" in event], happened
""")


def test_a_step_takes_over_its_memory_and_is_waited_for() -> None:
    run_script("""
built = build("mlp")
built.compile()
parameter_bytes = sum(values.nbytes for values in built.weights().values())
assert built.describe()["donated_bytes"] >= 3 * parameter_bytes, "parameters and both moments of Adam"
before = built._carry
built.step()
built.wait()
assert all(leaf.is_deleted() for leaf in jax.tree.leaves(before))
assert not any(leaf.is_deleted() for leaf in built._batch)
waited = {id(leaf) for leaf in built._queued()}
assert {id(leaf) for leaf in jax.tree.leaves((built._carry, built._loss))} == waited
assert not built.pending() and np.isfinite(built.loss())
assert built.describe()["equinox"] == eqx.__version__
""")


def test_a_hollow_step_adds_one_and_an_unknown_variant_is_refused() -> None:
    run_script("""
built = build("gpt")
call, carry = built._driver.compile_hollow_step(built._carry, *built._batch)
was = [float(leaf[0]) for leaf in jax.tree.leaves(carry)]
carry, _ = call(carry, *built._batch)
assert [float(leaf[0]) for leaf in jax.tree.leaves(carry)] == [value + 1 for value in was]
empty_step = built.dispatch()
for _ in range(3):
    empty_step()
try:
    build("mlp", variant="tuned")
except ValueError as error:
    assert "no variant 'tuned'" in str(error)
else:
    raise AssertionError("expected ValueError")
""")
