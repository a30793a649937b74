"""What holds of the Flax programs, Linen and both variants of NNX; see ``running`` for how it is run."""

from __future__ import annotations

import gc
from typing import Any

import jax
import numpy as np

from speedscore.record.phases import MODEL_ROLES, Role
from tests.bench_suite.frameworks.checks import programs
from tests.bench_suite.frameworks.checks.programs import require_refused, same

PROGRAMS = ("flax_linen", "flax_nnx:jit", "flax_nnx:tuned")
"""Folder and variant."""


# Without annotations.
_live_arrays: Any = jax.live_arrays


def _build(program: str, model: str, role: Role = "training") -> Any:
    folder, _, variant = program.partition(":")
    return programs.build(folder, model, role, variant=variant)


def the_variant_that_no_mutant_is_made_of_computes_what_the_workload_says() -> None:
    # The mutants' tests certify the other variant, and this one's ResNet-50.
    for model in ("mlp", "gpt", "bert"):
        for role in MODEL_ROLES:
            failure = programs.failed_check("flax_nnx", model, role, variant="tuned")
            assert failure is None, f"{model}, {role}: {failure}"


def a_step_after_compilation_compiles_nothing_and_takes_over_its_own_memory(program: str) -> None:
    built = _build(program, "gpt")
    stages = built.compile()
    assert list(stages) == ["optimizer_state_seconds", "trace_seconds", "lower_seconds", "backend_compile_seconds"]
    assert min(stages.values()) > 0
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
    assert same(built.weights(), before)


def a_pass_after_compilation_compiles_nothing_and_gives_the_same_again(program: str) -> None:
    built = _build(program, "gpt", "inference")
    built.compile()
    with built.steady():
        built.infer()
        built.wait()
        first = built.forward()
        built.infer()
        built.wait()
    assert (built.forward() == first).all()


def a_wait_covers_every_array_that_a_step_writes(program: str) -> None:
    gc.collect()
    of_others = {id(array) for array in _live_arrays()}
    built = _build(program, "gpt")
    built.compile()
    built.step()
    early = built._loss
    for _ in range(20):
        built.step()
    early.block_until_ready()
    if program != "flax_nnx:jit":
        assert built.pending(), "nnx.jit may take longer to call than the step takes"
    built.wait()
    assert not built.pending()
    waited = {id(array) for array in built._queued()}
    live = [array for array in _live_arrays() if array.size > 1 and array.dtype == np.float32]
    of_this = [array for array in live if id(array) in waited or id(array) not in of_others]
    assert {id(array) for array in of_this} <= waited, "parameters and both moments, of the last step only"
    parameters = sum(values.size for values in built.weights().values())
    assert sum(array.size for array in of_this) == 3 * parameters


def an_empty_step_can_be_called_again_and_again_and_leaves_the_program_alone(program: str) -> None:
    programs.require_hollow(_build(program, "gpt"))
    built = _build(program, "resnet50")
    before = built.weights()
    dispatch = built.dispatch()
    dispatch()
    with built.steady():
        for _ in range(5):
            dispatch()
    assert same(built.weights(), before)


def a_variant_that_there_is_not_is_refused() -> None:
    for folder, wrong, words in (
        ("flax_linen", "jit", "no variant 'jit'; leave it empty"),
        ("flax_nnx", "eager", "no variant 'eager'; there are jit, tuned"),
    ):
        require_refused(lambda: programs.build(folder, "mlp", variant=wrong), ValueError, words)  # noqa: B023
