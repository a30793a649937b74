"""The PyTorch programs compute what their workloads say, keep their state, and refuse what they cannot run.

The checks stand in ``checks/torch_checks.py`` and run in one fresh process; PyTorch is never imported here.
"""

from __future__ import annotations

from typing import Any

import pytest

from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.workloads.presets import PRESETS
from speedscore.bench_suite.workloads.table import MODELS, make_workload
from tests.bench_suite.frameworks.checks.running import require_installed, run_checks

pytestmark = require_installed(FRAMEWORKS["torch"])


@pytest.fixture(scope="module")
def inductor_cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of these tests alone, so that what is compiled is compiled here."""
    return str(tmp_path_factory.mktemp("inductor"))


def _facts(check: str, inductor_cache: str) -> Any:
    return run_checks("torch_checks", variables=(("TORCHINDUCTOR_CACHE_DIR", inductor_cache),)).facts(check)


def test_the_verbs_keep_and_restore_the_canonical_state(inductor_cache: str) -> None:
    facts = _facts("the_verbs_keep_and_restore_the_canonical_state", inductor_cache)
    assert facts["loss"] == pytest.approx(8.8, abs=1.0)
    assert facts["describe"] == {
        "platform": "cpu",
        "device_kind": "cpu",
        "threads": 1,
        "variant": "eager",
        "compiled": "nothing",
        "matmul_precision": "highest",
        "optimizer": "torch.optim.SGD, fused",
        "layout": "channels_last",
        "layout_chosen": "asked for by SPEEDSCORE_TORCH_LAYOUT",
    }
    assert {name: fact for name, fact in facts.items() if name not in ("loss", "describe")} == {
        "built": True,
        "stages": ["optimizer_state_seconds"],
        "stages of another size": {},
        "stages of a pass": {},
        "memory": {},
        "passes keep it": True,
        "steps move it": True,
        "pending": False,
        "load restores it": True,
        "same loss again": True,
        "too early": "RuntimeError there are no logits before the first pass; call infer() first",
        "logits": [1, 100],
        "inference keeps it": True,
    }


def test_a_compiled_program_is_certified_and_may_not_recompile(inductor_cache: str) -> None:
    none = {"graph_breaks": 0, "recompilations": 0}
    assert _facts("a_compiled_program_is_certified_and_may_not_recompile", inductor_cache) == {
        "training counts": none | {"graph_operations": 9},
        "inference counts": none | {"graph_operations": 5},
        "throughput counts": none | {"graph_operations": 5},
        "recompilations": 1,
        "watched": [1, True],
        "eager counts": {},
        "training": True,
        "training from cache": False,
        "training part": "model, loss and backward; not the optimizer",
        "training recompiled": True,
        "inference": True,
        "inference from cache": False,
        "inference part": "model",
        "inference recompiled": True,
        "throughput": True,
        "throughput from cache": False,
        "throughput part": "model",
        "throughput recompiled": True,
    }


def test_a_compilation_comes_from_the_cache_where_all_of_it_does(inductor_cache: str) -> None:
    found = _facts("a_compilation_comes_from_the_cache_where_all_of_it_does", inductor_cache)
    assert found == [None, True, False, False]


def test_a_tuned_program_is_compiled_with_what_was_found_for_its_model_and_role(inductor_cache: str) -> None:
    assert _facts("a_tuned_program_is_compiled_with_what_was_found_for_its_model_and_role", inductor_cache) == {
        "training": True,
        "training part": ["tuned", "nothing", None],
        "training graphs": False,
        "inference": True,
        "inference part": ["tuned", "model", "freezing, max_autotune"],
        "inference graphs": True,
        # They are constants of what was compiled: a program that does not train loads the same ones again.
        "inference kernels frozen": True,
        "throughput": True,
        "throughput part": ["tuned", "nothing", None],
        "throughput graphs": False,
        "throughput kernels frozen": False,
        "other model": (
            "LookupError variant tuned of PyTorch: nobody measured 'wide'; there are mlp, resnet50, gpt, bert"
        ),
    }


def test_what_one_program_freezes_stays_unfrozen_in_the_next(inductor_cache: str) -> None:
    """A worker holds a program of each role, and they are not all frozen."""
    assert _facts("what_one_program_freezes_stays_unfrozen_in_the_next", inductor_cache) == [True, False, True, False]


def test_what_cannot_be_built_says_what_was_asked_for_and_found(inductor_cache: str) -> None:
    facts = _facts("what_cannot_be_built_says_what_was_asked_for_and_found", inductor_cache)
    no_cuda, graphs_on_host, graphs_on_xla, tuned_on_gpu, unknown = facts
    assert no_cuda.startswith("DeviceUnavailable asked for 'gpu', but torch 2.")
    assert no_cuda.endswith("CUDA devices")
    assert graphs_on_host.startswith("DeviceUnavailable asked for CUDA graphs on 'cpu'")
    assert graphs_on_xla.startswith("DeviceUnavailable asked for CUDA graphs on 'tpu'")
    assert tuned_on_gpu == "DeviceUnavailable variant tuned of PyTorch was found on a CPU, and is not one for 'gpu'"
    assert (
        unknown == "ValueError unknown variant 'fast' of PyTorch; there are eager, compile, dynamic, cudagraphs, tuned"
    )


def test_passes_by_hand_are_those_of_autograd_in_float64(inductor_cache: str) -> None:
    _facts("passes_by_hand_are_those_of_autograd_in_float64", inductor_cache)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("model", MODELS)
def test_the_formula_of_the_flops_agrees_with_pytorchs_counter_to_the_last_operation(
    inductor_cache: str, model: str, preset: str
) -> None:
    workload = make_workload(model, preset)
    formulas = [workload.training_flops(), workload.inference_flops(), workload.throughput_flops()]
    counted = _facts("flops_are_counted_by_pytorchs_own_counter", inductor_cache)
    assert counted[f"{model}-{preset}"] == formulas
