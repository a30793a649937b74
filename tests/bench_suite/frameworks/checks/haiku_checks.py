"""What holds of the Haiku programs, which are driven as raw JAX's are; see ``running`` for how it is run."""

from __future__ import annotations

from functools import partial

import jax
import numpy as np

from speedscore.bench_suite.frameworks.haiku import layout
from speedscore.bench_suite.workloads.table import MODELS, make_workload
from tests.bench_suite.frameworks.checks import programs
from tests.bench_suite.frameworks.checks.programs import require_refused, same

_build = partial(programs.build, "haiku")


def canonical_weights_come_back_as_they_went() -> None:
    for model in MODELS:
        workload = make_workload(model, "smoke")
        given = workload.parameters(), workload.state()
        for tree, weights in zip(layout.to_trees(*given), given, strict=True):
            assert same(layout.to_canonical(tree), weights), model


def a_step_compiles_nothing_takes_over_its_memory_and_is_waited_for() -> None:
    built = _build("mlp")
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
    assert not built.pending()
    assert np.isfinite(built.loss())
    assert built.describe()["dm-haiku"]


def a_hollow_step_computes_nothing_and_can_be_called_again() -> None:
    programs.require_hollow(_build("gpt"))


def an_unknown_variant_is_refused() -> None:
    require_refused(lambda: _build("mlp", variant="tuned"), ValueError, "no variant 'tuned'")
