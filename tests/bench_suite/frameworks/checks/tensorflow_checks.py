"""What holds of the TensorFlow programs and of the guards around them; see ``running`` for how it is run.

That they compute what the workloads say, in every role, and that wrong ones are caught, test_mutants.py proves.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.frameworks.tensorflow import resnet50, resnet50_tuned
from speedscore.bench_suite.frameworks.tensorflow.probing import compilations
from speedscore.bench_suite.workloads.table import make_workload
from speedscore.record.phases import Role
from tests.bench_suite.frameworks.checks import programs
from tests.bench_suite.frameworks.checks.programs import Kept, require_refused, same

_build = partial(programs.build, "tensorflow")


def a_step_writes_into_its_own_memory_and_never_into_numpys() -> None:
    kept: Any = Kept(make_workload("mlp", "smoke"))
    untouched = {name: values.copy() for name, values in kept.parameters().items()}
    built = _build("mlp", workload=kept)
    assert list(built.compile()) == ["optimizer_state_seconds", "trace_seconds"]
    assert list(_build("mlp", "inference").compile()) == ["trace_seconds"]
    text = built._function.experimental_get_compiler_ir(*built._batch)(stage="optimized_hlo")
    assert text.count("may-alias") == 3 * len(untouched) + 1, "parameters, both moments of Adam and its count"
    for _ in range(3):
        built.step()
    built.wait()
    moved = built.weights()
    assert all((moved[name] != values).any() for name, values in untouched.items())
    assert same(kept.parameters(), untouched)
    before = {name: values.copy() for name, values in moved.items()}
    built.step()
    assert same(moved, before), "what was read is a copy"
    built.load()
    assert same(built.weights(), untouched)
    assert not any(slot.numpy().any() for slot in built._computation.slots.values())


def the_optimizer_and_the_batch_are_not_folded_into_the_function() -> None:
    built = _build("gpt")
    built.compile()
    built.step()
    assert [spec.dtype.name for spec in built._call.structured_input_signature[0]] == ["int64", "int64"]
    captured = built._call.graph.external_captures
    assert len(captured) == 3 * len(built._computation.parameters) + 1
    assert all(tensor.dtype == tf.resource for tensor in captured), "variables only"


def a_program_tells_whether_it_was_found_among_those_that_were_kept() -> bool | None:
    """Gives what it tells: the test looks at it in a process before which nothing was kept, and in the next. Nothing is
    told where nothing is kept."""
    built = _build("mlp")
    built.compile()
    assert "compiled_from_cache" not in built.describe(), "XLA compiles in the first call"
    built.step()
    built.wait()
    told = built.describe().get("compiled_from_cache")
    built.loss_and_gradients()
    assert built.describe().get("compiled_from_cache") == told, "what else is compiled later changes nothing"
    return None if told is None else bool(told)


def a_function_that_xla_does_not_compile_tells_nothing_of_a_cache() -> None:
    built = _build("resnet50", "inference")
    assert not built.computation.xla
    built.compile()
    built.infer()
    assert "compiled_from_cache" not in built.describe(), "nothing of it is kept"


def the_steady_state_refuses_traces() -> None:
    built = _build("mlp")
    built.compile()
    with built.steady():
        built.step()
        built.wait()
    assert not built.pending()
    assert np.isfinite(built.loss())

    def within(action: Callable[[], object]) -> None:
        with built.steady():
            action()

    watch = compilations.watch(built)
    require_refused(lambda: within(built.loss_and_gradients), RuntimeError, "1 traces")
    within(built.loss_and_gradients)
    shorter = tuple(tensor[:3] for tensor in built._batch)
    require_refused(lambda: within(lambda: built._function(*shorter)), RuntimeError, "1 traces")
    assert watch() == (2, None), "TensorFlow tells no seconds"


def a_call_on_the_host_returns_when_its_work_is_done() -> None:
    assert tf.config.experimental.get_synchronous_execution()
    built = _build("gpt")
    built.compile()
    built.step()
    built.wait()
    calls: list[float] = []
    reads: list[float] = []
    for _ in range(10):
        start = time.perf_counter()
        built.step()
        called = time.perf_counter()
        built.weights()
        reads.append(time.perf_counter() - called)
        calls.append(called - start)
        assert not built.pending()
    # By the middle one: a machine that is busy may hold up any single one.
    assert np.median(reads) < np.median(calls), (reads, calls)


def every_program_of_a_process_uses_the_threads_that_it_is_given() -> None:
    roles: tuple[Role, ...] = ("training", "inference")
    for role in roles:
        built = _build("mlp", role)
        built.compile()
        described = built.describe()
        assert described["threads"] == programs.given_threads()
        assert described["platform"] == "cpu"
        assert described["matmul_precision"] == "highest"
    assert "optimizer" not in described
    assert built.memory() == {}
    assert built.dispatch() is None
    more = programs.given_threads() + 1
    require_refused(lambda: _build("mlp", threads=more), RuntimeError, "after initialization")


def what_it_cannot_run_is_said() -> None:
    asked = f"asked for 'tpu', but TensorFlow {tf.__version__}"
    require_refused(lambda: _build("mlp", device="tpu"), DeviceUnavailable, asked)
    require_refused(lambda: _build("mlp", device="gpu"), DeviceUnavailable, "found cpu only")
    require_refused(lambda: _build("mlp", variant="keras"), ValueError, "no variant 'keras'")


# These come last: they start TensorFlow without a program, which is to say with how many threads.


def both_forms_of_convolution_compute_the_same() -> None:
    rng = np.random.default_rng(0)
    for size, stride, pixels in ((7, 2, 16), (3, 1, 8), (3, 2, 8), (1, 1, 8), (1, 2, 8)):
        images = tf.constant(rng.standard_normal((2, pixels, pixels, 5)), tf.float32)
        kernel = tf.constant(rng.standard_normal((size, size, 5, 6)), tf.float32)
        by_product = resnet50_tuned.convolve_by_product(images, kernel, stride).numpy()
        assert by_product.shape == (2, pixels // stride, pixels // stride, 6)
        natively = resnet50.convolve(images, kernel, stride)
        np.testing.assert_allclose(by_product, natively, rtol=1e-4, atol=1e-4)


def both_forms_of_pooling_are_tensorflows() -> None:
    images = tf.constant(np.random.default_rng(0).standard_normal((2, 8, 8, 5)), tf.float32)
    around = ((0, 0), (1, 1), (1, 1), (0, 0))
    for max_pool in (resnet50.max_pool, resnet50_tuned.max_pool_by_selection):
        assert (max_pool(images).numpy() == tf.nn.max_pool2d(images, 3, 2, around).numpy()).all()


def a_profile_is_taken_by_a_module_that_nothing_else_imports() -> None:
    built = _build("mlp")
    built.compile()
    assert programs.profile("tensorflow", built) == ("xplane.pb",)
