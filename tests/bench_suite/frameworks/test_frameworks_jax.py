"""The raw JAX programs compute what their workloads say, and the guards around them see what they must.

The checks stand in ``checks/jax_checks.py`` and run in one fresh process; JAX is never imported here.
"""

from __future__ import annotations

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.workloads.table import MODELS, make_workload
from tests.bench_suite.frameworks.checks.running import names_of_checks, require_installed, run_checks

pytestmark = require_installed(FRAMEWORKS["jax"])

COUNTED = "a_program_counts_what_it_compiled"


@pytest.mark.parametrize("check", names_of_checks("jax_checks"))
def test_in_raw_jax(check: str) -> None:
    run_checks("jax_checks").facts(check)


def test_two_fresh_processes_count_the_same() -> None:
    counts = run_checks("jax_checks").facts(COUNTED)
    assert run_checks("jax_checks", COUNTED, variables=(("PYTHONHASHSEED", "2"),)).facts(COUNTED) == counts
    assert set(counts) == {"xla_flops", "xla_bytes_accessed", "xla_temporary_bytes", "hlo_fusions", "exported_bytes"}
    assert all(count > 0 for count in counts.values())


def test_a_case_of_an_accelerator_runs_there_and_a_host_handed_out_for_it_shows() -> None:
    check = "a_case_of_an_accelerator_runs_there_and_a_host_handed_out_for_it_shows"
    assert run_checks("jax_checks").facts(check) == {
        # The worker refuses this one: it compares what is described with what the case asked for.
        "the host handed out": "cpu",
        "training": True,
        "inference": True,
        "throughput": True,
        "described": ["tpu", "TPU v0", "highest"],
        "peak of the compiler": None,
        "peak": 8,
        "platforms": ["tpu"],
    }


@pytest.mark.parametrize("model", MODELS)
def test_the_formula_of_the_flops_agrees_with_the_products_that_xla_is_given(model: str) -> None:
    workload = make_workload(model, "smoke")
    formulas = [workload.training_flops(), workload.inference_flops(), workload.throughput_flops()]
    counted = run_checks("jax_checks").facts("flops_are_counted_from_the_products_that_xla_is_given")
    assert counted[f"{model}-smoke"] == formulas
