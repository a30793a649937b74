"""The raw JAX programs compute what their workloads say, and the guards around them see what they must.

JAX is imported in fresh processes only, never in the one that runs pytest.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from tests.places import ROOT

MISSING = [name for name in ("jax", "optax") if importlib.util.find_spec(name) is None]

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")

PRELUDE = """
import jax, jax.numpy as jnp, numpy as np, optax
from speedscore.bench_suite.workers.certificate import certify
import dataclasses
from speedscore.bench_suite.frameworks.jax import driver, gpt, mlp, program, resnet50
from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.workloads.table import make_workload

def build(model, role="training", workload=None):
    workload = workload or make_workload(model, "smoke")
    where = f"speedscore.bench_suite.frameworks.jax.{model}"
    return program.build(workload, implementation=where, role=role, device="cpu", variant="", threads=1)

def failed_check(model, role="training"):
    built = build(model, role)
    built.compile()
    return certify(built, make_workload(model, "smoke"), role).first_failure

def refused(action, kind, words):
    try:
        action()
    except kind as error:
        assert words in str(error), error
    else:
        raise AssertionError(f"expected {kind.__name__} with {words!r}, but nothing was raised")
"""


QUICK_COMPILATION = {"XLA_FLAGS": "--xla_backend_optimization_level=0"}
"""For models that are wrong on purpose: what is wrong with them is not in the machine code."""


def run_script(body: str, **environment: str) -> str:
    """What the body prints, run after the prelude in a process of its own; its traceback is the test's message."""
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
    return finished.stdout


def test_statistics_that_stand_still_in_training_are_caught() -> None:
    run_script(
        """
make = resnet50.make
def make_frozen(workload, *, platform):
    model = make(workload, platform=platform)
    def apply(params, state, images, training):
        return model.apply(params, state, images, False)
    return dataclasses.replace(model, apply=apply)
resnet50.make = make_frozen
assert failed_check("resnet50").quantity == "forward outputs"
""",
        **QUICK_COMPILATION,
    )


def test_a_step_takes_over_its_own_memory_and_never_numpys() -> None:
    run_script("""
class Kept:
    # Gives the same arrays each time, so that a write into them would be seen.
    def __init__(self, workload):
        self._workload, self._parameters = workload, workload.parameters()
    def __getattr__(self, name):
        return getattr(self._workload, name)
    def parameters(self):
        return self._parameters

kept = Kept(make_workload("mlp", "smoke"))
untouched = {name: values.copy() for name, values in kept.parameters().items()}
built = build("mlp", workload=kept)
built.compile()
parameter_bytes = sum(values.nbytes for values in untouched.values())
assert built.describe()["donated_bytes"] >= 3 * parameter_bytes, "parameters and both moments of Adam"
for _ in range(3):
    built.step()
built.wait()
assert any((built.weights()[name] != values).any() for name, values in untouched.items())
assert all((kept.parameters()[name] == values).all() for name, values in untouched.items())
built.load()
assert all((built.weights()[name] == values).all() for name, values in untouched.items())

jit = jax.jit
jax.jit = lambda function, donate_argnums=(): jit(function)
refused(build("mlp").compile, RuntimeError, "aliases 0 bytes")
""")


def test_the_steady_state_refuses_traces_compilations_and_transfers() -> None:
    run_script("""
built = build("mlp")
built.compile()
with built.steady():
    built.step()
    built.wait()

on_host = np.ones(3, np.float32)
placed = jnp.ones(5)
lowered = jax.jit(lambda x: x * 2).trace(placed).lower()

def within(action):
    with built.steady():
        action()

refused(lambda: within(lambda: jax.jit(lambda x: x + 1)(placed)), RuntimeError, "tracing")
refused(lambda: within(lambda: jax.device_put(on_host)), Exception, "host-to-device transfer")
refused(lambda: within(lowered.compile), RuntimeError, "1 compilations")
assert jax.jit(lambda x: x + 3)(placed).sum() == 20, "after the steady state tracing is allowed again"
built._batch = tuple(np.asarray(values) for values in built._batch)
refused(lambda: within(built.step), Exception, "host-to-device transfer")
""")


def test_waiting_for_an_early_loss_alone_leaves_work_pending() -> None:
    run_script("""
built = build("gpt")
built.compile()
built.step()
early = built._loss
for _ in range(20):
    built.step()
early.block_until_ready()
assert built.pending()
built.wait()
assert not built.pending()
assert np.isfinite(built.loss())
""")


def test_what_it_cannot_run_is_said() -> None:
    run_script("""
workload = make_workload("mlp", "smoke")
ask = lambda **changes: program.build(
    workload,
    **({"role": "training", "device": "cpu", "variant": "", "threads": 1} | changes),
    implementation="speedscore.bench_suite.frameworks.jax.mlp",
)
refused(lambda: ask(device="tpu"), DeviceUnavailable, f"JAX {jax.__version__} was asked for a tpu and found cpu only")
refused(lambda: ask(variant="nnx"), ValueError, "no variant 'nnx'")
""")


def test_the_programs_hash_follows_the_code_and_not_where_it_stands() -> None:
    run_script("""
def make_text(scale, name):
    def function(x):
        return jnp.tanh(x @ x) * scale
    if name:
        function = jax.named_call(function, name=name)
    wrapped = lambda x: function(x)
    return jax.jit(wrapped).lower(jnp.ones((8, 8))).compile().as_text()

plain, renamed, other = make_text(2.0, ""), make_text(2.0, "elsewhere {odd}"), make_text(3.0, "")
assert plain != renamed
assert program.hash_program(plain) == program.hash_program(renamed) != program.hash_program(other)
assert "metadata=" in plain

built = build("mlp", "inference")
built.compile()
described = built.describe()
assert len(described["program_sha256"]) == 16
assert described["platform"] == "cpu" and described["threads"] >= 1
assert built.memory()["static_plan_bytes"] > sum(values.nbytes for values in built.weights().values())
""")


COUNTS = """
import json
built = build("mlp")
assert built.counts() == {}
built.compile()
print(json.dumps(built.counts()))
"""


def test_two_fresh_processes_count_the_same() -> None:
    seen = [json.loads(run_script(COUNTS, PYTHONHASHSEED=seed)) for seed in ("1", "2")]
    assert seen[0] == seen[1]
    assert set(seen[0]) == {
        "xla_flops",
        "xla_bytes_accessed",
        "xla_temporary_bytes",
        "hlo_fusions",
        "exported_bytes",
    }
    assert all(count > 0 for count in seen[0].values())


def test_the_counts_see_work_that_was_added() -> None:
    run_script("""
def count(times=2, size=64, constant=1.0):
    def function(x):
        for _ in range(times):
            x = jnp.tanh(x @ x) + constant
        return x.sum()
    compiled = driver.compile_in_stages(jax.jit(function), jnp.ones((size, size)))
    return program.count_executable(compiled.executable) | {"exported_bytes": compiled.exported_bytes}

plain, longer, larger = count(), count(times=4), count(size=128)
assert plain == count()
assert plain["hlo_fusions"] >= 1
assert longer["xla_flops"] > 1.9 * plain["xla_flops"]
assert longer["exported_bytes"] > plain["exported_bytes"]
assert larger["xla_bytes_accessed"] > 3 * plain["xla_bytes_accessed"]
assert count(constant=np.arange(4096.0).reshape(64, 64))["exported_bytes"] > 4 * 4096

class Silent:
    def cost_analysis(self): return {"flops": -1.0, "bytes accessed": float("nan")}
    def memory_analysis(self): return None
    def as_text(self): return ""
assert program.count_executable(Silent()) == {"hlo_fusions": 0}
""")
