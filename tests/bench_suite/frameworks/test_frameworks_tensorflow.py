"""The TensorFlow programs compute what their workloads say, and the guards around them see what they must.

TensorFlow is imported in fresh processes only, never in the one that runs pytest.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

from tests.places import ROOT

MISSING = [name for name in ("tensorflow",) if importlib.util.find_spec(name) is None]

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")

PRELUDE = """
from speedscore.bench_suite.frameworks.tensorflow import bert, gpt, optimizer, program, resnet50
import numpy as np
import tensorflow as tf
from speedscore.bench_suite.workers.certificate import certify
from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.workloads.table import make_workload

def build(model, role="training", workload=None, device="cpu", variant="", threads=1):
    workload = workload or make_workload(model, "smoke")
    where = f"speedscore.bench_suite.frameworks.tensorflow.{model}"
    return program.build(workload, implementation=where, role=role, device=device, variant=variant, threads=threads)

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


def run_script(body: str, **environment: str) -> None:
    """Run the body after the prelude in a process of its own; its traceback becomes the test's message."""
    finished = subprocess.run(
        [sys.executable, "-c", PRELUDE + body],
        cwd=ROOT,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": ""} | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr


@pytest.mark.parametrize("model", ["mlp", "gpt", "bert", "resnet50"])
def test_it_computes_what_the_workload_says(model: str) -> None:
    run_script(f"""
for role in ("training", "inference", "throughput"):
    failure = failed_check({model!r}, role)
    assert failure is None, f"{{role}}: {{failure}}"
""")


def test_wrong_models_are_caught() -> None:
    run_script(
        """
gpt.NORM_EPSILON = 1e-6
assert failed_check("gpt", "inference").quantity == "forward outputs"
bert.PADDING = -5
assert failed_check("bert", "throughput").quantity == "forward outputs"
resnet50.NORM_EPSILON = 1e-3
assert failed_check("resnet50", "inference").quantity == "forward outputs"
exact_gelu = tf.nn.gelu
tf.nn.gelu = lambda x, approximate: exact_gelu(x, approximate=not approximate)
assert failed_check("mlp", "inference").quantity == "forward outputs"
""",
        **QUICK_COMPILATION,
    )


def test_both_forms_of_convolution_compute_the_same() -> None:
    run_script("""
rng = np.random.default_rng(0)
for size, stride, pixels in ((7, 2, 16), (3, 1, 8), (3, 2, 8), (1, 1, 8), (1, 2, 8)):
    images = tf.constant(rng.standard_normal((2, pixels, pixels, 5)), tf.float32)
    kernel = tf.constant(rng.standard_normal((size, size, 5, 6)), tf.float32)
    found = resnet50.convolve_by_product(images, kernel, stride).numpy()
    assert found.shape == (2, pixels // stride, pixels // stride, 6)
    assert np.allclose(found, resnet50.convolve_natively(images, kernel, stride), rtol=1e-4, atol=1e-4)
images = tf.constant(rng.standard_normal((2, 8, 8, 5)), tf.float32)
around = ((0, 0), (1, 1), (1, 1), (0, 0))
assert (resnet50.max_pool(images).numpy() == tf.nn.max_pool2d(images, 3, 2, around).numpy()).all()
""")


def test_a_step_writes_into_its_own_memory_and_never_into_numpys() -> None:
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
assert list(built.compile()) == ["trace_seconds"]
text = built._function.experimental_get_compiler_ir(*built._batch)(stage="optimized_hlo")
assert text.count("may-alias") == 3 * len(untouched) + 1, "parameters, both moments of Adam and its count"
for _ in range(3):
    built.step()
built.wait()
moved = built.weights()
assert all((moved[name] != values).any() for name, values in untouched.items())
assert all((kept.parameters()[name] == values).all() for name, values in untouched.items())
before = {name: values.copy() for name, values in moved.items()}
built.step()
assert all((moved[name] == values).all() for name, values in before.items()), "what was read is a copy"
built.load()
assert all((built.weights()[name] == values).all() for name, values in untouched.items())
assert not any(slot.numpy().any() for slot in built._slots.values())
""")


def test_the_optimizer_and_the_batch_are_not_folded_into_the_function() -> None:
    run_script("""
built = build("gpt")
built.compile()
assert [spec.dtype.name for spec in built._call.structured_input_signature[0]] == ["int64", "int64"]
captured = built._call.graph.external_captures
assert len(captured) == 3 * len(built._parameters) + 1
assert all(tensor.dtype == tf.resource for tensor in captured), "variables only"
""")


def test_the_steady_state_refuses_traces() -> None:
    run_script("""
built = build("mlp")
built.compile()
with built.steady():
    built.step()
    built.wait()
assert not built.pending() and np.isfinite(built.loss())

def within(action):
    with built.steady():
        action()

refused(lambda: within(built.loss_and_gradients), RuntimeError, "1 traces")
within(built.loss_and_gradients)
shorter = tuple(tensor[:3] for tensor in built._batch)
refused(lambda: within(lambda: built._function(*shorter)), RuntimeError, "1 traces")
""")


def test_a_call_on_the_host_returns_when_its_work_is_done() -> None:
    run_script("""
import time
assert tf.config.experimental.get_synchronous_execution()
built = build("gpt")
built.compile()
built.step()
built.wait()
calls = reads = 0.0
for _ in range(10):
    start = time.perf_counter()
    built.step()
    called = time.perf_counter()
    built.weights()
    calls, reads = calls + called - start, reads + time.perf_counter() - called
    assert not built.pending()
assert reads < calls, (reads, calls)
""")


@pytest.mark.parametrize("threads", [1, 2])
def test_it_uses_the_threads_that_it_is_given_in_every_program_of_a_process(threads: int) -> None:
    run_script(f"""
for role in ("training", "inference"):
    built = build("mlp", role, threads={threads})
    built.compile()
    described = built.describe()
    assert described["threads"] == {threads} and described["platform"] == "cpu"
    assert described["matmul_precision"] == "highest"
assert "optimizer" not in described
assert built.memory() == {{}} and built.dispatch() is None
refused(lambda: build("mlp", threads={threads} + 1), RuntimeError, "after initialization")
""")


def test_what_it_cannot_run_is_said() -> None:
    run_script("""
refused(lambda: build("mlp", device="tpu"), DeviceUnavailable, f"asked for 'tpu', but TensorFlow {tf.__version__}")
refused(lambda: build("mlp", device="gpu"), DeviceUnavailable, "found cpu only")
refused(lambda: build("mlp", variant="keras"), ValueError, "no variant 'keras'")
""")
