"""What holds of the raw JAX programs and of the guards around them; see ``running`` for how it is run."""

from __future__ import annotations

import dataclasses
import importlib
import re
import time
from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any
from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np

from speedscore.bench_suite.frameworks.jax import driver, mlp, resnet50
from speedscore.bench_suite.frameworks.jax.observing import count_executable, hash_program
from speedscore.bench_suite.frameworks.jax.probing import compilations
from speedscore.bench_suite.frameworks.program import DeviceUnavailable
from speedscore.bench_suite.workers.certificate import certify
from speedscore.bench_suite.workloads.table import MODELS, make_workload
from speedscore.record.phases import MODEL_ROLES
from tests.bench_suite.frameworks.checks import programs
from tests.bench_suite.frameworks.checks.programs import Kept, require_refused, same

_build = partial(programs.build, "jax")


def a_program_counts_what_it_compiled() -> dict[str, int]:
    built = _build("mlp")
    assert built.counts() == {}
    built.compile()
    counts: dict[str, int] = built.counts()
    return counts


def statistics_that_stand_still_in_training_are_caught() -> None:
    make = resnet50.make

    def make_frozen(workload: Any, *, platform: str) -> Any:
        model = make(workload, platform=platform)

        def apply(params: Any, state: Any, images: Any, training: bool) -> Any:
            del training
            return model.apply(params, state, images, False)

        return dataclasses.replace(model, apply=apply)

    with mock.patch.object(resnet50, "make", make_frozen):
        failure = programs.failed_check("jax", "resnet50")
    assert failure is not None
    assert failure.quantity == "forward outputs"


def a_step_takes_over_its_own_memory_and_never_numpys() -> None:
    kept: Any = Kept(make_workload("mlp", "smoke"))
    untouched = {name: values.copy() for name, values in kept.parameters().items()}
    built = _build("mlp", workload=kept)
    built.compile()
    parameter_bytes = sum(values.nbytes for values in untouched.values())
    assert built.describe()["donated_bytes"] >= 3 * parameter_bytes, "parameters and both moments of Adam"
    for _ in range(3):
        built.step()
    built.wait()
    assert any((built.weights()[name] != values).any() for name, values in untouched.items())
    assert same(kept.parameters(), untouched)
    built.load()
    assert same(built.weights(), untouched)


def a_step_that_takes_over_nothing_is_refused() -> None:
    jit = jax.jit

    def jit_without_donating(function: Any, donate_argnums: Any = ()) -> Any:
        del donate_argnums
        return jit(function)

    with mock.patch.object(jax, "jit", jit_without_donating):
        require_refused(_build("mlp").compile, RuntimeError, "aliases 0 bytes")


def the_steady_state_refuses_traces_compilations_and_transfers() -> None:
    built = _build("mlp")
    built.compile()
    with built.steady():
        built.step()
        built.wait()
    on_host = np.ones(3, np.float32)
    placed = jnp.ones(5)
    lowered = jax.jit(lambda x: x * 2).trace(placed).lower()

    def within(action: Callable[[], object]) -> None:
        with built.steady():
            action()

    require_refused(lambda: within(lambda: jax.jit(lambda x: x + 1)(placed)), RuntimeError, "tracing")
    require_refused(lambda: within(lambda: jax.device_put(on_host)), Exception, "host-to-device transfer")
    require_refused(lambda: within(lowered.compile), RuntimeError, "1 compilations")
    watch = compilations.watch(built)
    function = jax.jit(lambda x: x + 3)
    began = time.perf_counter()
    assert function(placed).sum() == 20, "after the steady state tracing is allowed again"
    seen = watch()
    assert seen.compiled >= 1
    assert seen.seconds is not None
    assert 0 < seen.seconds <= time.perf_counter() - began, "what was traced inside another trace counts once"
    function(placed)
    assert watch() == seen
    built._batch = tuple(np.asarray(values) for values in built._batch)
    require_refused(lambda: within(built.step), Exception, "host-to-device transfer")


def waiting_for_an_early_loss_alone_leaves_work_pending() -> None:
    built = _build("gpt")
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


def a_pass_is_waited_for_by_what_was_asked_and_by_no_parameter() -> None:
    for model in ("mlp", "gpt"):
        built = _build(model, "throughput")
        built.compile()
        passes = []
        for _ in range(20):
            built.infer()
            passes.append(built._logits)
        for leaf in jax.tree.leaves(built._carry):
            leaf.delete()
        built.wait()
        assert not built.pending()
        assert all(logits.is_ready() for logits in passes), "the last pass ends the passes before it"
        assert np.isfinite(built.forward()).all()


def a_hollow_step_computes_nothing_and_can_be_called_again() -> None:
    programs.require_hollow(_build("gpt"))


def what_it_cannot_run_is_said() -> None:
    asked = f"JAX {jax.__version__} was asked for a tpu and found cpu only"
    require_refused(lambda: _build("mlp", device="tpu"), DeviceUnavailable, asked)
    require_refused(lambda: _build("mlp", variant="nnx"), ValueError, "no variant 'nnx'; leave it empty")


def the_hash_of_a_program_follows_the_code_and_not_where_it_stands() -> None:
    def make_text(scale: float, name: str) -> str:
        def function(x: Any) -> Any:
            return jnp.tanh(x @ x) * scale

        named: Any = jax.named_call(function, name=name) if name else function
        text: str = jax.jit(lambda x: named(x)).lower(jnp.ones((8, 8))).compile().as_text() or ""
        return text

    plain, renamed, other = make_text(2.0, ""), make_text(2.0, "elsewhere {odd}"), make_text(3.0, "")
    assert plain != renamed
    assert hash_program(plain) == hash_program(renamed) != hash_program(other)
    assert "metadata=" in plain


def a_compiled_program_says_what_it_is() -> None:
    built = _build("mlp", "inference")
    built.compile()
    described = built.describe()
    assert len(described["program_sha256"]) == 16
    assert described["platform"] == "cpu"
    assert described["threads"] >= 1
    assert built.memory()["static_plan_bytes"] > sum(values.nbytes for values in built.weights().values())


def the_counts_see_work_that_was_added() -> None:
    def count(times: int = 2, size: int = 64, constant: Any = 1.0) -> dict[str, int]:
        def function(x: Any) -> Any:
            for _ in range(times):
                x = jnp.tanh(x @ x) + constant
            return x.sum()

        compiled = driver.compile_in_stages(jax.jit(function), jnp.ones((size, size)))
        return count_executable(compiled.executable) | {"exported_bytes": compiled.exported_bytes}

    plain, longer, larger = count(), count(times=4), count(size=128)
    assert plain == count()
    assert plain["hlo_fusions"] >= 1
    assert longer["xla_flops"] > 1.9 * plain["xla_flops"]
    assert longer["exported_bytes"] > plain["exported_bytes"]
    assert larger["xla_bytes_accessed"] > 3 * plain["xla_bytes_accessed"]
    assert count(constant=np.arange(4096.0).reshape(64, 64))["exported_bytes"] > 4 * 4096


def what_xla_does_not_tell_is_left_out_of_the_counts() -> None:
    class Silent:
        def cost_analysis(self) -> dict[str, float]:
            return {"flops": -1.0, "bytes accessed": float("nan")}

        def memory_analysis(self) -> None:
            return None

        def as_text(self) -> str:
            return ""

    assert count_executable(Silent()) == {"hlo_fusions": 0}


class _Accelerator:
    """Stands for a TPU; what is placed on it lies on the host."""

    platform, device_kind = "tpu", "TPU v0"

    def __init__(self, host: Any) -> None:
        self._host = host
        self.peak_bytes = 7

    def __eq__(self, other: object) -> bool:
        return other is self or other is self._host

    def __hash__(self) -> int:
        return hash(self._host)

    def memory_stats(self) -> dict[str, int]:
        return {"peak_bytes_in_use": self.peak_bytes}


def a_case_of_an_accelerator_runs_there_and_a_host_handed_out_for_it_shows() -> dict[str, Any]:
    host, find, put, make = jax.devices("cpu")[0], jax.devices, jax.device_put, mlp.make
    workload = make_workload("mlp", "smoke")
    platforms: list[str] = []
    handed_out: list[Any] = [host]

    def devices(name: str | None = None) -> Any:
        return handed_out if name == "tpu" else find(name)

    def device_put(tree: Any, device: Any = None, **options: Any) -> Any:
        return put(tree, host if isinstance(device, _Accelerator) else device, **options)

    def noted_make(workload: Any, platform: str) -> Any:
        platforms.append(platform)
        return make(workload, platform=platform)

    facts: dict[str, Any] = {}
    with (
        mock.patch.object(jax, "devices", devices),
        mock.patch.object(jax, "device_put", device_put),
        mock.patch.object(mlp, "make", noted_make),
    ):
        facts["the host handed out"] = _build("mlp", "inference", device="tpu").describe()["platform"]
        accelerator = _Accelerator(host)
        handed_out[:] = [accelerator]
        for role in MODEL_ROLES:
            built = _build("mlp", role, device="tpu")
            built.compile()
            facts[role] = certify(built, workload, role).passed
            run = built.step if role == "training" else built.infer
            with built.steady():
                run()
                built.wait()
        described = built.describe()
        facts["described"] = [described["platform"], described["device_kind"], described["matmul_precision"]]
        facts["peak of the compiler"] = built.memory().get("allocator_peak_bytes")
        accelerator.peak_bytes = 8
        facts["peak"] = built.memory()["allocator_peak_bytes"]
    return facts | {"platforms": sorted(set(platforms))}


def flops_are_counted_from_the_products_that_xla_is_given() -> dict[str, list[int]]:
    return {f"{name}-smoke": _count_products(name) for name in MODELS}


def _count_products(name: str) -> list[int]:
    """FLOPs of a training step, of a pass of the single input and of one of the batch; nothing is computed."""
    workload = make_workload(name, "smoke")
    model = importlib.import_module(f"{programs.FRAMEWORKS}.jax.{name}").make(workload, platform="gpu")
    params, state = model.to_trees(workload.parameters(), workload.state())
    inputs, targets = workload.inputs(), workload.targets()
    loss = driver.make_loss(some_ignored=bool((targets < 0).any()))

    def evaluate(params: Any, inputs: Any, targets: Any) -> Any:
        return loss(model.apply(params, state, inputs, True)[0], targets)

    def predict(params: Any, inputs: Any) -> Any:
        return model.apply(params, state, inputs, False)[0]

    trained = _count_lowered(jax.grad(evaluate), params, inputs, targets)
    return [trained, *(_count_lowered(predict, params, batch) for batch in (inputs[:1], inputs))]


def _count_lowered(function: Callable[..., Any], *arguments: Any) -> int:
    text = jax.jit(function).lower(*jax.eval_shape(lambda *given: given, *arguments)).as_text()
    main, *others = text.split("func.func")[1:]
    products = re.compile(r".*stablehlo\.(?:dot_general|convolution).*")
    # What stands in a loop or in a function of its own would run more often than it is seen here.
    assert "stablehlo.while" not in text
    assert not any(products.search(other) for other in others)
    return sum(map(_flops_of_product, products.findall(main)))


def _flops_of_product(line: str) -> int:
    shapes = re.findall(r"tensor<([\dx]+)xf32>", line)
    left, right, out = ([int(size) for size in shape.split("x")] for shape in shapes)
    if "dot_general" in line:
        summed = _listed(r"contracting_dims = \[([\d, ]+)\]", line)
        return 2 * prod(out) * prod(left[int(axis)] for axis in summed)
    kernel = _listed(r"\]x\[([^\]]+)\]", line)
    # The gradient of a strided convolution's input spreads what comes in with zeros. They are no operations of the
    # model: counted is each element that came in, at every tap and for every feature that goes out.
    if set(_listed(r"lhs_dilate = \[([\d, ]+)\]", line)) != {"1"}:
        return 2 * prod(left) * prod(right) // right[kernel.index("i")]
    return 2 * prod(out) * prod(right) // right[kernel.index("o")]


def _listed(pattern: str, line: str) -> list[str]:
    match = re.search(pattern, line)
    assert match is not None, f"XLA writes {line!r}, where {pattern!r} was expected"
    return match[1].split(", ")


def a_profile_is_taken_by_a_module_that_nothing_else_imports() -> None:
    built = _build("mlp")
    built.compile()
    assert programs.profile("jax", built) == ("trace.json.gz", "xplane.pb")
