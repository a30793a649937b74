"""What holds of the memory that rematerialisation is counted by; see ``running`` for how it is run.

A check is told the framework. None is imported before a check asks for it.
"""

from __future__ import annotations

import importlib
from typing import Any

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.matrix.cases import implementation
from speedscore.bench_suite.workloads.remat import POLICIES
from speedscore.bench_suite.workloads.table import TASKS, make_task
from tests.bench_suite.frameworks.checks.programs import given_threads

PROGRAMS = ("jax", "torch")

_ROWS, _INPUTS, _OUTPUTS = 6, 5, 7


def what_is_kept_counts_once_and_neither_arguments_nor_results_do(program: str) -> None:
    # The backward pass of x ↦ Σ sin(x · w) needs x, which is given, and x · w or its cosine.
    kept = _kept_by_sine_in_jax() if program == "jax" else _kept_by_sine_in_torch()
    assert kept == 4 * _ROWS * _OUTPUTS


def a_policy_keeps_less_the_more_it_computes_again(program: str) -> None:
    for network in ("gpt", "resnet50"):
        counts = {policy: _counts(program, f"remat-{network}-{policy}") for policy in POLICIES}
        kept = {policy: count["residual_bytes"] for policy, count in counts.items()}
        batches = {policy: count["largest_batch"] for policy, count in counts.items()}
        assert kept["full"] < kept["selective"] < kept["none"], kept
        assert batches["full"] > batches["selective"] > batches["none"] > 0, batches


def _counts(framework: str, name: str) -> dict[str, int]:
    line, task = FRAMEWORKS[framework], make_task(name, "smoke")
    build, module = line.load_task_builder(), implementation(line, TASKS[name])
    program = build(task, implementation=module, device="cpu", variant=line.variant, threads=given_threads())
    return program._task.counts()  # type: ignore[attr-defined,no-any-return]


def _kept_by_sine_in_jax() -> int:
    jax, remat = importlib.import_module("jax"), importlib.import_module("speedscore.bench_suite.frameworks.jax.remat")
    shapes = [jax.ShapeDtypeStruct(shape, "float32") for shape in ((_INPUTS, _OUTPUTS), (_ROWS, _INPUTS))]

    def summed(weights: Any, inputs: Any) -> Any:
        return jax.numpy.sin(inputs @ weights).sum()

    kept: int = remat.count_residual_bytes(summed, *shapes)
    return kept


def _kept_by_sine_in_torch() -> int:
    torch = importlib.import_module("torch")
    residuals = importlib.import_module("speedscore.bench_suite.frameworks.torch.residuals")
    weights, inputs = torch.ones((_INPUTS, _OUTPUTS), requires_grad=True), torch.ones((_ROWS, _INPUTS))
    kept: int = residuals.count_living_bytes(lambda: torch.sin(inputs @ weights).sum(), (weights, inputs))
    assert kept == residuals.count_saved_bytes(lambda: torch.sin(inputs @ weights).sum(), (weights, inputs))
    return kept
