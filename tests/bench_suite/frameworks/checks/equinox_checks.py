"""What holds of the Equinox programs, through the function that a user of ``filter_jit`` calls; see ``running``."""

from __future__ import annotations

import importlib
from functools import partial
from typing import Any
from unittest import mock

import equinox as eqx
import jax
import numpy as np

from speedscore.bench_suite.frameworks.equinox import (
    bert,
    bert_tuned,
    driver,
    gpt,
    gpt_tuned,
    resnet50,
    resnet50_tuned,
)
from speedscore.bench_suite.workloads.table import make_workload
from tests.bench_suite.frameworks.checks import programs
from tests.bench_suite.frameworks.checks.programs import require_refused, same

_build = partial(programs.build, "equinox")


def canonical_weights_come_back_as_they_went() -> None:
    modules: list[tuple[str, Any]] = [
        *(("gpt", module) for module in (gpt, gpt_tuned)),
        *(("bert", module) for module in (bert, bert_tuned)),
        *(("resnet50", module) for module in (resnet50, resnet50_tuned)),
    ]
    nothing: Any = None
    for model, module in modules:
        workload = make_workload(model, "smoke")
        its_driver = driver.EquinoxDriver(module.make(workload, platform="cpu"), optimizer=None, loss=nothing)
        given = workload.parameters(), workload.state()
        for tree, weights in zip(its_driver.to_trees(*given), given, strict=True):
            assert same(its_driver.to_canonical(tree), weights), module


def a_step_is_the_users_own_call_and_compiles_nothing() -> None:
    built = _build("mlp")
    stages = built.compile()
    assert list(stages) == ["optimizer_state_seconds", "trace_and_lower_seconds", "backend_compile_seconds"]
    happened: list[str] = []
    jax.monitoring.register_event_duration_secs_listener(lambda event, *_, **__: happened.append(event))
    eqx_jit: Any = importlib.import_module("equinox._jit")
    with mock.patch.object(eqx_jit, "_preprocess", wraps=eqx_jit._preprocess) as prepare:
        built.step()
        built.wait()
    assert not _compilations(happened)
    assert prepare.call_count == 1, "each step pays for filter_jit's own work in Python"
    with built.steady():
        built.step()
        built.wait()
    passes = _build("mlp", "inference")
    passes.compile()
    happened.clear()
    passes.infer()
    passes.wait()
    assert not _compilations(happened)


def _compilations(events: list[str]) -> list[str]:
    return [event for event in events if "trace" in event or "compile" in event]


def a_step_takes_over_its_memory_and_is_waited_for() -> None:
    built = _build("mlp")
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
    assert not built.pending()
    assert np.isfinite(built.loss())
    assert built.describe()["equinox"] == eqx.__version__


def a_hollow_step_computes_nothing_and_can_be_called_again() -> None:
    programs.require_hollow(_build("gpt"))


def an_unknown_variant_is_refused() -> None:
    require_refused(lambda: _build("mlp", variant="tuned"), ValueError, "no variant 'tuned'")
