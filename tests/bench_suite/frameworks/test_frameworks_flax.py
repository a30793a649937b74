"""The Flax programs, Linen and both variants of NNX, compute what their workloads say, and step as they must.

Flax is imported in fresh processes only, never in the one that runs pytest.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

from tests.places import ROOT

MISSING = [name for name in ("jax", "optax", "flax") if importlib.util.find_spec(name) is None]

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")

PROGRAMS = ["flax_linen", "flax_nnx:jit", "flax_nnx:tuned"]
"""Folder and variant."""

PRELUDE = """
import importlib, sys
import jax, numpy as np
from speedscore.bench_suite.workers.certificate import certify
from speedscore.bench_suite.frameworks.flax_linen import gpt as linen_gpt
from speedscore.bench_suite.frameworks.flax_nnx import bert as nnx_bert, resnet50 as nnx_resnet50
from speedscore.bench_suite.workloads.table import make_workload

folder, _, variant = sys.argv[1].partition(":")
folder = f"speedscore.bench_suite.frameworks.{folder}"

def build(model, role="training", variant=variant):
    workload = make_workload(model, "smoke")
    builder = importlib.import_module(f"{folder}.program").build
    return builder(
        workload, implementation=f"{folder}.{model}", role=role, device="cpu", variant=variant, threads=1
    )

def failed_check(model, role="training"):
    built = build(model, role)
    built.compile()
    return certify(built, make_workload(model, "smoke"), role).first_failure
"""

QUICK_COMPILATION = {"XLA_FLAGS": "--xla_backend_optimization_level=0"}
"""For what does not depend on the machine code; what is measured is certified as it runs."""


def run_script(program: str, body: str, **environment: str) -> None:
    """Run the body after the prelude in a process of its own; its traceback becomes the test's message."""
    finished = subprocess.run(
        [sys.executable, "-c", PRELUDE + body, program],
        cwd=ROOT,
        env=os.environ | {"JAX_PLATFORMS": "cpu"} | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr


def test_the_tuned_variant_computes_what_the_workload_says() -> None:
    # test_mutants.py certifies the other variant; this one's ResNet-50 is the same modules, driven as Linen's is.
    run_script(
        "flax_nnx:tuned",
        """
for model in ("mlp", "gpt", "bert"):
    for role in ("training", "inference", "throughput"):
        failure = failed_check(model, role)
        assert failure is None, f"{model}, {role}: {failure}"
""",
        **QUICK_COMPILATION,
    )


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_step_after_compilation_compiles_nothing_and_takes_over_its_own_memory(program: str) -> None:
    run_script(
        program,
        """
built = build("gpt")
stages = built.compile()
assert set(stages) == {"trace_seconds", "lower_seconds", "backend_compile_seconds"} and min(stages.values()) > 0
before = built.weights()
with built.steady():
    for _ in range(3):
        built.step()
    built.wait()
assert np.isfinite(built.loss())
after = built.weights()
assert after.keys() == before.keys()
assert all((after[name] != before[name]).any() for name in before)
parameter_bytes = sum(values.nbytes for values in before.values())
assert built.describe()["donated_bytes"] >= 3 * parameter_bytes, "parameters and both moments of Adam"
built.load()
assert all((built.weights()[name] == values).all() for name, values in before.items())

built = build("gpt", "inference")
built.compile()
with built.steady():
    built.infer()
    built.wait()
    first = built.forward()
    built.infer()
    built.wait()
assert (built.forward() == first).all()
""",
        **QUICK_COMPILATION,
    )


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_wait_covers_every_array_that_a_step_writes(program: str) -> None:
    run_script(
        program,
        """
built = build("gpt")
built.compile()
built.step()
early = built._loss
for _ in range(20):
    built.step()
early.block_until_ready()
if variant != "jit":
    assert built.pending(), "nnx.jit may take longer to call than the step takes"
built.wait()
assert not built.pending()
waited = {id(array) for array in built._queued()}
live = [array for array in jax.live_arrays() if array.size > 1 and array.dtype == np.float32]
assert {id(array) for array in live} <= waited, "parameters and both moments, of the last step only"
parameters = sum(values.size for values in built.weights().values())
assert sum(array.size for array in live) == 3 * parameters
""",
    )


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_empty_step_can_be_called_again_and_again_and_leaves_the_program_alone(program: str) -> None:
    run_script(
        program,
        """
built = build("resnet50")
before = built.weights()
dispatch = built.dispatch()
dispatch()
with built.steady():
    for _ in range(5):
        dispatch()
assert all((built.weights()[name] == values).all() for name, values in before.items())
""",
        **QUICK_COMPILATION,
    )


@pytest.mark.parametrize(("program", "wrong"), [("flax_linen", "jit"), ("flax_nnx", "eager")])
def test_a_variant_that_there_is_not_is_refused(program: str, wrong: str) -> None:
    run_script(
        program,
        f"""
try:
    build("mlp", variant={wrong!r})
except ValueError as error:
    assert "no variant {wrong!r}" in str(error), error
else:
    raise AssertionError("expected ValueError, but nothing was raised")
""",
    )
